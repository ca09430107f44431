/* avrsim: one Arduino Uno as a process, running the real firmware on libsimavr at wall-clock speed.
 *
 *   DIR/tty  pseudo terminal: UART0 (the Uno's USB serial port)
 *   DIR/ctl  unix socket: I2C master, inputs, pin observation, power, faults */
#define _GNU_SOURCE
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "board.h"
#include "control.h"
#include "pins.h"
#include "uart.h"

static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

typedef struct {
	board_options_t board;
	const char *dir;
	int reset_on_open;
} options_t;

static int parse(int argc, char **argv, options_t *o)
{
	static const struct option known[] = {
		{ "elf", 1, 0, 'e' }, { "hex", 1, 0, 'x' }, { "boot", 1, 0, 'b' },
		{ "dir", 1, 0, 'd' }, { "eeprom", 1, 0, 'p' }, { "speed", 1, 0, 's' },
		{ "seed", 1, 0, 'n' }, { "reset-on-open", 0, 0, 'r' },
		{ "die-with-parent", 0, 0, 'k' }, { 0 } };
	o->board.speed = 1;
	if (getrandom(&o->board.seed, sizeof o->board.seed, 0) < 0)
		return -1;
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
		switch (c) {
		case 'e': o->board.elf = optarg; break;
		case 'x': o->board.hex = optarg; break;
		case 'b': o->board.bootloader = optarg; break;
		case 'p': o->board.eeprom = optarg; break;
		case 's': o->board.speed = atof(optarg); break;
		case 'n': o->board.seed = strtoul(optarg, NULL, 0); break;
		case 'd': o->dir = optarg; break;
		case 'r': o->reset_on_open = 1; break;
		case 'k': prctl(PR_SET_PDEATHSIG, SIGTERM); break;
		default: return -1;
		}
	return o->dir && (o->board.elf || o->board.hex || o->board.bootloader) ? 0 : -1;
}

int main(int argc, char **argv)
{
	options_t o = { .dir = NULL };
	char tty[108], ctl[108];
	if (parse(argc, argv, &o)) {
		fprintf(stderr, "usage: avrsim --dir DIR (--elf F | --hex F) [--boot HEX] [--eeprom F] "
			"[--reset-on-open] [--speed X] [--seed N] [--die-with-parent]\n");
		return 2;
	}
	if (board_open(&o.board))
		return 1;
	snprintf(tty, sizeof tty, "%s/tty", o.dir);
	snprintf(ctl, sizeof ctl, "%s/ctl", o.dir);
	pins_attach();
	board_on_reset(uart_on_reset);
	if (uart_open(tty, o.reset_on_open))
		return perror(tty), 1;
	if (control_open(ctl))
		return perror(ctl), 1;
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	signal(SIGPIPE, SIG_IGN);
	board_power_on(board.avr->reset_flags.porf);
	printf("ready\n");
	fflush(stdout);
	while (!stopping) {
		control_exchange(board_wait_us());
		board_run_slice();
	}
	unlink(tty);
	unlink(ctl);
	return 0;
}
