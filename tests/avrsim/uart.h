/* UART0 on a pseudo terminal, with the faults of a real line. */
#ifndef UART_H
#define UART_H

#include <stdint.h>

#include <simavr/sim_avr.h>

enum { UART_RING = 4096 };

typedef struct {
	uint8_t ring[UART_RING];
	unsigned head, tail;
	unsigned long bytes, hurt, lost;
	int skip, count, drop;      /* next fault: after skip bytes, on count bytes */
	uint16_t mask;
	unsigned ppm;               /* random byte errors per million */
} uart_line_t;

extern uart_line_t uart_rx, uart_tx; /* towards the AVR, from the AVR */

int uart_open(const char *link, int reset_on_open); /* -1 with errno */
void uart_on_reset(avr_t *avr);
void uart_power_lost(void);
void uart_seed(uint32_t seed);             /* of the random faults */
void uart_hear(const uint8_t *bytes, int count); /* bytes from nowhere */
double uart_baud(void);                    /* what the firmware has set */

int uart_watch_fd(void);                   /* readable: uart_events() */
int uart_data_fd(void);                    /* readable: uart_exchange(1); -1: do not listen */
void uart_events(void);
void uart_exchange(int readable);

#endif
