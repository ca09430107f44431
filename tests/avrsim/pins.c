#include <simavr/avr_ioport.h>

#include "board.h"
#include "pins.h"

typedef struct {
	int level;
	unsigned edges;
	avr_cycle_count_t since, high, changed;
} pin_t;

static pin_t pins[3][8];

static void changed(avr_irq_t *irq, uint32_t value, void *p)
{
	pin_t *pin = p;
	(void)irq;
	if (pin->level == (int)(value & 1))
		return;
	if (pin->level)
		pin->high += board.avr->cycle - pin->changed;
	pin->level = value & 1;
	pin->changed = board.avr->cycle;
	pin->edges++;
}

static avr_irq_t *pin_irq(char port, int bit)
{
	return avr_io_getirq(board.avr, AVR_IOCTL_IOPORT_GETIRQ(port), bit);
}

void pins_attach(void)
{
	for (int port = 0; port < 3; port++)
		for (int bit = 0; bit < 8; bit++)
			avr_irq_register_notify(pin_irq('B' + port, bit), changed, &pins[port][bit]);
}

/* simavr 1.6 toggles the pin in fast PWM only, and Arduino runs timers 1 and 2 in phase-correct
 * mode, so those channels are read from the registers. */
static int pwm(char port, int bit)
{
	static const struct { char port; uint8_t bit, tccra, com, ocr; } channels[] = {
		{ 'D', 6, 0x44, 7, 0x47 }, { 'D', 5, 0x44, 5, 0x48 }, { 'B', 1, 0x80, 7, 0x88 },
		{ 'B', 2, 0x80, 5, 0x8A }, { 'B', 3, 0xB0, 7, 0xB3 }, { 'D', 3, 0xB0, 5, 0xB4 } };
	const uint8_t *data = board.avr->data;
	for (int i = 0; i < 6; i++)
		if (channels[i].port == port && channels[i].bit == bit &&
			data[channels[i].tccra] >> channels[i].com & 1)
			return data[channels[i].ocr];
	return -1;
}

void pins_drive(char port, int bit, int level)
{
	static avr_ioport_external_t external[3];
	avr_ioport_external_t *e = &external[port - 'B'];
	e->name = port;
	e->mask = level < 0 ? e->mask & ~(1 << bit) : e->mask | 1 << bit;
	e->value = level > 0 ? e->value | 1 << bit : e->value & ~(1 << bit);
	avr_ioctl(board.avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(port), e);
	if (level >= 0)
		avr_raise_irq(pin_irq(port, bit), level);
}

pin_view_t pins_observe(char port, int bit)
{
	pin_t *pin = &pins[port - 'B'][bit];
	avr_cycle_count_t now = board.avr->cycle;
	avr_cycle_count_t high = pin->high + (pin->level ? now - pin->changed : 0);
	avr_ioport_state_t state;
	avr_ioctl(board.avr, AVR_IOCTL_IOPORT_GETSTATE(port), &state);
	pin_view_t view = { pin->level, state.ddr >> bit & 1, pwm(port, bit), pin->edges,
		now > pin->since ? (double)high / (now - pin->since) : 0 };
	pin->edges = 0;
	pin->high = 0;
	pin->since = pin->changed = now;
	return view;
}
