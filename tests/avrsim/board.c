#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_adc.h>
#include <simavr/sim_elf.h>

#include "board.h"

enum { SLICE = BOARD_HZ / 2000, BOOTLOADER_AT = 0x7E00, STARVED_NS = 100000000 };

board_t board;

static double speed;
static int has_bootloader;
static uint32_t ram_noise;
static uint16_t adc_mv[8];
static avr_cycle_count_t base_cycle, reset_cycle;
static int64_t base_ns;
static void (*core_reset)(avr_t *);
static void (*reset_hook)(avr_t *);

/* ---- firmware and memory -------------------------------------------------- */

static int load_hex(const char *file)
{
	char line[600];
	unsigned n, at, type, v;
	FILE *f = fopen(file, "r");
	if (!f)
		return perror(file), -1;
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, ":%2x%4x%2x", &n, &at, &type) != 3 || type ||
			at + n > board.avr->flashend + 1)
			continue;
		for (unsigned i = 0; i < n && sscanf(line + 9 + 2 * i, "%2x", &v) == 1; i++)
			board.avr->flash[at + i] = v;
	}
	fclose(f);
	return 0;
}

static int load_elf(const char *file)
{
	elf_firmware_t firmware = { 0 };
	if (elf_read_firmware(file, &firmware))
		return fprintf(stderr, "avrsim: cannot read %s\n", file), -1;
	avr_load_firmware(board.avr, &firmware);
	return 0;
}

/* Memory that a file keeps: EEPROM contents outlive the process. */
static uint8_t *keep(const char *file, size_t size)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return perror(file), NULL;
	off_t had = lseek(fd, 0, SEEK_END);
	uint8_t *m = ftruncate(fd, size) ? MAP_FAILED :
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (m == MAP_FAILED)
		return perror(file), NULL;
	if (had < (off_t)size)
		memset(m + had, 0xFF, size - had);
	return m;
}

/* ---- reset and power ------------------------------------------------------ */

static void after_reset(avr_t *avr)
{
	core_reset(avr);
	board.resets++;
	reset_cycle = avr->cycle;   /* a newer simavr starts over at 0: undone in board_run_slice() */
	avr->run_cycle_limit = 64;  /* instructions per avr_run(): twice the speed */
	i2c_on_reset(&board.bus);
	reset_hook(avr);
}

void board_on_reset(void (*hook)(avr_t *))
{
	reset_hook = hook;
}

void board_set_adc(int channel, int mv)
{
	adc_mv[channel] = mv;
	avr_raise_irq(avr_io_getirq(board.avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel), mv);
}

void board_reset(avr_regbit_t cause)
{
	avr_t *avr = board.avr;
	board.crashed = 0;
	avr->reset_pc = has_bootloader ? BOOTLOADER_AT : 0;
	avr_reset(avr);
	avr->cycle = reset_cycle;
	avr_regbit_set(avr, cause);
	for (int i = 0; i < 8; i++)
		board_set_adc(i, adc_mv[i]);
}

void board_power_off(void)
{
	board.powered = 0;
	i2c_on_reset(&board.bus);
}

void board_power_on(avr_regbit_t cause)
{
	board.powered = 1;
	board.halted = 0;
	for (int i = board.avr->ioend + 1; i <= board.avr->ramend; i++) {
		ram_noise = ram_noise * 1664525 + 1013904223;
		board.avr->data[i] = ram_noise >> 24; /* RAM does not survive, EEPROM does */
	}
	board_reset(cause);
}

static void cut(void *unused)
{
	(void)unused;
	board_power_off();
}

/* ---- pace ----------------------------------------------------------------- */

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void rebase(void)
{
	base_cycle = board.avr->cycle;
	base_ns = now_ns();
}

static int64_t ahead_ns(void)
{
	double ns = (board.avr->cycle - base_cycle) * (1e9 / BOARD_HZ) / speed;
	return base_ns + (int64_t)ns - now_ns();
}

long board_wait_us(void)
{
	if (speed <= 0)
		return 0;
	int64_t ahead = ahead_ns();
	if (ahead < -STARVED_NS) { /* let simulated time lag rather than hurry after it */
		board.slips++;
		rebase();
	}
	return ahead > 0 ? ahead / 1000 + 1 : 0;
}

/* Time and peripherals go on, the core does not. */
static void idle_until(avr_cycle_count_t end)
{
	avr_t *avr = board.avr;
	while (avr->cycle < end) {
		avr_cycle_count_t n = avr_cycle_timer_process(avr);
		avr->cycle += n < end - avr->cycle ? (n ? n : 1) : end - avr->cycle;
	}
}

void board_run_slice(void)
{
	avr_t *avr = board.avr;
	avr_cycle_count_t end = avr->cycle + SLICE;
	if (speed > 0 && ahead_ns() > 0)
		return;
	if (!board.powered) {
		avr->cycle = end;
	} else if (board.halted || board.crashed) {
		idle_until(end);
	} else {
		while (avr->cycle < end && board.powered && !board.crashed) {
			int state = avr_run(avr);
			if (avr->cycle < reset_cycle)
				avr->cycle = reset_cycle;
			/* ran into erased flash, or slept with interrupts off */
			board.crashed = state == cpu_Done || state == cpu_Crashed;
		}
	}
}

/* ---- set-up --------------------------------------------------------------- */

static void no_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
	(void)avr;
	(void)cycles;
}

static void logger(avr_t *avr, const int level, const char *format, va_list ap)
{
	if (avr && level <= LOG_ERROR)
		vfprintf(stderr, format, ap);
}

int board_open(const board_options_t *options)
{
	avr_global_logger_set(logger);
	avr_t *avr = board.avr = avr_make_mcu_by_name("atmega328p");
	if (!avr || avr_init(avr))
		return fprintf(stderr, "avrsim: no atmega328p\n"), -1;
	avr->frequency = BOARD_HZ;
	avr->sleep = no_sleep;
	avr->vcc = avr->avcc = avr->aref = 5000;
	avr->log = LOG_ERROR;
	speed = options->speed;
	ram_noise = options->seed;
	has_bootloader = options->bootloader != NULL;
	if ((options->elf && load_elf(options->elf)) || (options->hex && load_hex(options->hex)) ||
		(has_bootloader && load_hex(options->bootloader)))
		return -1;
	avr->frequency = BOARD_HZ;  /* the ELF file may say otherwise */
	avr->codeend = avr->flashend;
	for (avr_io_t *io = avr->io_port; io; io = io->next)
		if (!strcmp(io->kind, "eeprom"))
			board.eeprom = (avr_eeprom_t *)io;
	if (options->eeprom &&
		!(board.eeprom->eeprom = keep(options->eeprom, board.eeprom->size)))
		return -1;
	i2c_attach(&board.bus, avr);
	board.bus.cut = cut;
	core_reset = avr->reset;
	avr->reset = after_reset;
	rebase();
	return 0;
}
