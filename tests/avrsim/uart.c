#include <string.h>
#include <unistd.h>

#include <simavr/avr_uart.h>

#include "board.h"
#include "pty.h"
#include "uart.h"

uart_line_t uart_rx, uart_tx;

static avr_uart_t *uart;
static int tty = -1, tty_watch, tty_users, dtr, resets_on_open;
static uint32_t noise = 1;

static unsigned used(const uart_line_t *line)
{
	return line->head - line->tail;
}

static void push(uart_line_t *line, uint8_t byte)
{
	if (used(line) < UART_RING)
		line->ring[line->head++ % UART_RING] = byte;
	else
		line->lost++;
}

static uint32_t next_random(void)
{
	return noise = noise * 1664525 + 1013904223;
}

/* Puts a byte through the line's faults; -1 when it vanishes. */
static int through(uart_line_t *line, int byte)
{
	line->bytes++;
	if (line->ppm && next_random() / 4295 < line->ppm) {
		byte ^= 1 << (next_random() >> 29);
		line->hurt++;
	}
	if (line->count && line->skip-- <= 0) {
		line->count--;
		line->hurt++;
		if (line->drop)
			return -1;
		byte ^= line->mask;
	}
	return byte;
}

static uint32_t cycles_per_bit(void)
{
	const uint8_t *data = board.avr->data;
	uint32_t ubrr = data[uart->ubrrl.reg] | (data[uart->ubrrh.reg] & 0xF) << 8;
	return (ubrr + 1) * (avr_regbit_get(board.avr, uart->u2x) ? 8 : 16);
}

double uart_baud(void)
{
	return (double)BOARD_HZ / cycles_per_bit();
}

static int baud_matches(void)
{
	double theirs = pty_speed(tty), ours = uart_baud();
	return theirs > ours * 0.96 && theirs < ours * 1.04;
}

static void sent(avr_irq_t *irq, uint32_t value, void *unused)
{
	(void)irq;
	(void)unused;
	int byte = through(&uart_tx, value & 0xFF);
	if (byte >= 0 && tty_users)
		push(&uart_tx, baud_matches() ? byte : byte ^ next_random() >> 24);
}

/* One byte time: the next waiting byte reaches the receiver. The chip holds two bytes and a shift
 * register; simavr's own queue of 64 would hide overruns. */
static avr_cycle_count_t tick(avr_t *avr, avr_cycle_count_t when, void *unused)
{
	(void)avr;
	(void)unused;
	uart->cycles_per_byte = 10 * cycles_per_bit(); /* 8N1; simavr 1.6 counts 11 bits */
	if (used(&uart_rx)) {
		int byte = through(&uart_rx, uart_rx.ring[uart_rx.tail++ % UART_RING]);
		int waiting = (uart->input.write - uart->input.read) & 63;
		if (byte >= 0 && !baud_matches())
			byte = (byte ^ next_random() >> 24) | UART_INPUT_FE;
		if (byte >= 0 && waiting < 3)
			avr_raise_irq(uart->io.irq + UART_IRQ_INPUT, byte);
		else if (byte >= 0)
			uart_rx.lost++;
	}
	return when + uart->cycles_per_byte;
}

void uart_on_reset(avr_t *avr)
{
	avr_cycle_timer_register(avr, 1000, tick, NULL);
}

void uart_power_lost(void)
{
	uart_rx.tail = uart_rx.head;
}

void uart_seed(uint32_t seed)
{
	noise = seed;
}

void uart_hear(const uint8_t *bytes, int count)
{
	for (int i = 0; i < count; i++)
		push(&uart_rx, bytes[i]);
}

int uart_watch_fd(void)
{
	return tty_watch;
}

int uart_data_fd(void)
{
	return tty_users && used(&uart_rx) <= UART_RING - 512 ? tty : -1;
}

void uart_exchange(int readable)
{
	uint8_t bytes[512];
	int n = readable ? read(tty, bytes, sizeof bytes) : 0;
	if (board.powered)
		uart_hear(bytes, n);
	while (used(&uart_tx)) {
		unsigned at = uart_tx.tail % UART_RING, left = UART_RING - at;
		int k = write(tty, uart_tx.ring + at, used(&uart_tx) < left ? used(&uart_tx) : left);
		if (k <= 0)
			break;
		uart_tx.tail += k;
	}
}

static void opened(void)
{
	tty_users++;
	if (!dtr && resets_on_open && board.powered)
		board_reset(board.avr->reset_flags.extrf);
	dtr = 1;
}

static void closed(void)
{
	if (tty_users > 1) {
		tty_users--;
	} else if (tty_users == 1) {
		uart_exchange(1); /* what was still on its way */
		tty_users = 0;
		uart_tx.tail = uart_tx.head;
		dtr = !pty_hangs_up(tty);
	}
}

/* Opening the port raises DTR, closing drops it unless the client cleared HUPCL; the Uno's
 * capacitor turns the rise into a reset. */
void uart_events(void)
{
	for (int event; (event = pty_event(tty_watch));) {
		if (event == 'o')
			opened();
		else
			closed();
	}
}

int uart_open(const char *link, int reset_on_open)
{
	uint32_t flags = 0;
	for (avr_io_t *io = board.avr->io_port; io; io = io->next)
		if (!strcmp(io->kind, "uart"))
			uart = (avr_uart_t *)io;
	avr_ioctl(board.avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
	avr_irq_register_notify(uart->io.irq + UART_IRQ_OUTPUT, sent, NULL);
	resets_on_open = reset_on_open;
	tty = pty_open(link, &tty_watch);
	return tty < 0 ? -1 : 0;
}
