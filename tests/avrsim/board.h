/* The simulated ATmega328P at 16 MHz: firmware, pace, reset and power. */
#ifndef BOARD_H
#define BOARD_H

#include <simavr/avr_eeprom.h>
#include <simavr/sim_avr.h>

#include "twi_slave.h"

enum { BOARD_HZ = 16000000, BOARD_US = BOARD_HZ / 1000000 };

typedef struct {
	const char *elf, *hex, *bootloader, *eeprom; /* files; at least one of the first three */
	double speed;                                /* 1 = real time, 0 = as fast as it goes */
	uint32_t seed;                               /* of the contents of RAM after power-up */
} board_options_t;

typedef struct {
	avr_t *avr;
	avr_eeprom_t *eeprom;
	i2c_bus_t bus;
	int powered, halted, crashed;
	unsigned slips;              /* times the host was too slow for real time */
	unsigned resets;
} board_t;

extern board_t board;

int board_open(const board_options_t *options); /* 0, or -1 with a message on stderr */
void board_on_reset(void (*hook)(avr_t *));     /* after every reset, whatever its cause */
void board_reset(avr_regbit_t cause);           /* cause: avr->reset_flags.extrf ... */
void board_power_off(void);
void board_power_on(avr_regbit_t cause);
void board_set_adc(int channel, int mv);

long board_wait_us(void);    /* until the next slice is due; 0: now */
void board_run_slice(void);  /* half a millisecond of simulated time, once it is due */

#endif
