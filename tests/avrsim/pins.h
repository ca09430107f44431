/* The board's pins as its surroundings see them. Ports B, C, D as in the chip: D13 is B5. */
#ifndef PINS_H
#define PINS_H

typedef struct {
	int level, output;
	int pwm;                    /* compare value of the timer that drives the pin, -1 none */
	unsigned edges;
	double duty;
} pin_view_t;

void pins_attach(void);
void pins_drive(char port, int bit, int level);     /* level below 0: let go */
pin_view_t pins_observe(char port, int bit);        /* since the last such call */

#endif
