#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "board.h"
#include "control.h"
#include "pins.h"
#include "uart.h"

enum { CLIENTS = 8, LINE = 4096, WORDS = 32 };

typedef struct {
	int fd, n;
	char buf[LINE];
} client_t;

typedef struct {
	char *word[WORDS];
	int count;
	int a, b;                   /* the first two arguments as numbers */
} request_t;

static client_t clients[CLIENTS];
static client_t *i2c_client;
static i2c_xfer_t xfer;
static int listener = -1;

static void answer(client_t *client, const char *format, ...)
{
	char line[LINE];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(line, sizeof line - 1, format, ap);
	va_end(ap);
	line[n++] = '\n';
	if (client && send(client->fd, line, n, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		shutdown(client->fd, SHUT_RDWR);
}

static int unhex(const char *s, uint8_t *out, int max)
{
	int n = 0;
	unsigned v;
	for (; isxdigit(s[0]) && isxdigit(s[1]) && n < max; s += 2, n++) {
		sscanf(s, "%2x", &v);
		out[n] = v;
	}
	return *s ? -1 : n;
}

/* ---- I2C ------------------------------------------------------------------ */

static void i2c_done(void *unused, i2c_xfer_t *x)
{
	static const char *const verdict[] = { "ok", "nack-addr", "nack-data", "timeout" };
	char hex[2 * I2C_MAX_LEN * I2C_MAX_MSGS + 1] = "";
	char *p = hex;
	(void)unused;
	for (int i = 0; x->status == I2C_OK && i < x->count; i++)
		for (int j = 0; x->msg[i].read && j < x->msg[i].len; j++)
			p += sprintf(p, "%02x", x->msg[i].data[j]);
	answer(i2c_client, "%s %s us=%.1f held=%.1f held_max=%.1f at=%d.%d", verdict[x->status],
		p == hex ? "-" : hex, (x->end - x->begin) / 16.0, x->held / 16.0,
		x->held_max / 16.0, x->at_msg, x->at_byte);
	i2c_client = NULL;
}

/* i2c 2a w 010203 2a r 8 ...: messages joined by repeated STARTs */
static int parse_i2c(const request_t *r)
{
	memset(&xfer, 0, sizeof xfer);
	for (int i = 1; i + 2 < r->count; i += 3) {
		if (xfer.count == I2C_MAX_MSGS)
			return -1;
		i2c_msg_t *m = &xfer.msg[xfer.count++];
		m->addr = strtol(r->word[i], NULL, 16) & 0x7f;
		m->read = *r->word[i + 1] == 'r';
		m->len = m->read ? atoi(r->word[i + 2]) :
			!strcmp(r->word[i + 2], "-") ? 0 : unhex(r->word[i + 2], m->data, I2C_MAX_LEN);
		if (m->len < m->read || m->len > I2C_MAX_LEN)
			return -1;
	}
	return xfer.count && r->count % 3 == 1 ? 0 : -1;
}

static void do_i2c(client_t *client, const request_t *r)
{
	if (parse_i2c(r)) {
		answer(client, "error bad message list");
	} else if (!board.powered) {
		answer(client, "nack-addr - us=0 held=0 held_max=0 at=0.0");
	} else {
		i2c_client = client;
		i2c_start(&board.bus, &xfer);
	}
}

static void do_i2c_fault(client_t *client, const request_t *r)
{
	i2c_bus_t *bus = &board.bus;
	const char *what = r->word[1];
	if (!strcmp(what, "nack"))
		bus->nack_next = r->b;
	else if (!strcmp(what, "flip") && r->count > 3)
		bus->flip_at = r->b, bus->flip_mask = strtol(r->word[3], NULL, 16);
	else if (!strcmp(what, "ppm") && r->count > 3)
		bus->ppm = r->b, bus->noise = atoi(r->word[3]);
	else if (!strcmp(what, "cut"))
		bus->cut_at = r->b;
	else if (!strcmp(what, "stuck"))
		bus->stuck = r->b;
	else if (!strcmp(what, "slow"))
		bus->slow = r->b * BOARD_US;
	else if (!strcmp(what, "bcm"))
		bus->short_pulse = r->b * BOARD_US / 1000;
	else if (!strcmp(what, "timeout"))
		bus->timeout = (avr_cycle_count_t)r->b * BOARD_US;
	else if (!strcmp(what, "khz") && r->b > 0)
		bus->bit = BOARD_HZ / 1000 / r->b;
	else
		return answer(client, "error unknown fault");
	answer(client, "ok");
}

/* ---- pins, line, power, facts --------------------------------------------- */

static int pin_bit(const request_t *r)
{
	const char *name = r->word[1];
	return name[0] >= 'B' && name[0] <= 'D' && name[1] >= '0' && name[1] < '8' ? name[1] - '0' : -1;
}

static void do_adc(client_t *client, const request_t *r)
{
	if (r->a < 0 || r->a > 7)
		return answer(client, "error no such channel");
	board_set_adc(r->a, r->b);
	answer(client, "ok");
}

static void do_drive(client_t *client, const request_t *r)
{
	int bit = pin_bit(r);
	if (bit < 0)
		return answer(client, "error no such pin");
	pins_drive(r->word[1][0], bit, *r->word[2] == 'z' ? -1 : r->b);
	answer(client, "ok");
}

static void do_pin(client_t *client, const request_t *r)
{
	int bit = pin_bit(r);
	if (bit < 0)
		return answer(client, "error no such pin");
	pin_view_t v = pins_observe(r->word[1][0], bit);
	answer(client, "ok level=%d output=%d pwm=%d edges=%u duty=%.4f", v.level, v.output, v.pwm,
		v.edges, v.duty);
}

static void do_uart(client_t *client, const request_t *r)
{
	uart_line_t *line = !strcmp(r->word[1], "rx") ? &uart_rx : &uart_tx;
	if (!strcmp(r->word[2], "ppm")) {
		line->ppm = atoi(r->word[3]);
		uart_seed(atoi(r->word[4]));
	} else {
		line->drop = !strcmp(r->word[2], "drop");
		line->skip = atoi(r->word[3]);
		line->count = atoi(r->word[4]);
		line->mask = r->count > 5 ? strtol(r->word[5], NULL, 16) : 0;
	}
	answer(client, "ok");
}

static void do_noise(client_t *client, const request_t *r)
{
	uint8_t bytes[256];
	int n = unhex(r->word[1], bytes, sizeof bytes);
	if (n < 0)
		return answer(client, "error not hexadecimal");
	uart_hear(bytes, n);
	answer(client, "ok");
}

static void do_power(client_t *client, const request_t *r)
{
	avr_t *avr = board.avr;
	if (!strcmp(r->word[1], "off")) {
		board_power_off();
		uart_power_lost();
	} else {
		board_power_on(strcmp(r->word[1], "brownout") ? avr->reset_flags.porf :
			avr->reset_flags.borf);
	}
	answer(client, "ok");
}

static void do_reset(client_t *client, const request_t *r)
{
	(void)r;
	board_reset(board.avr->reset_flags.extrf);
	answer(client, "ok");
}

static void do_halt(client_t *client, const request_t *r)
{
	board.halted = !strcmp(r->word[0], "halt");
	answer(client, "ok");
}

static void do_eeprom(client_t *client, const request_t *r)
{
	char hex[2 * 1024 + 1] = "";
	for (int i = 0; i < r->b && i < 1024 && r->a + i < board.eeprom->size; i++)
		sprintf(hex + 2 * i, "%02x", board.eeprom->eeprom[r->a + i]);
	answer(client, "ok %s", hex);
}

static void do_stat(client_t *client, const request_t *r)
{
	const avr_t *avr = board.avr;
	(void)r;
	answer(client, "ok cycle=%llu us=%.1f slips=%u resets=%u powered=%d halted=%d crashed=%d "
		"pc=%04x rx=%lu rx_hurt=%lu rx_lost=%lu tx=%lu tx_hurt=%lu tx_lost=%lu baud=%.0f "
		"waiting=%u i2c=%lu i2c_hurt=%lu", (unsigned long long)avr->cycle, avr->cycle / 16.0, board.slips,
		board.resets, board.powered, board.halted, board.crashed, avr->pc, uart_rx.bytes,
		uart_rx.hurt, uart_rx.lost, uart_tx.bytes, uart_tx.hurt, uart_tx.lost, uart_baud(),
		uart_rx.head - uart_rx.tail, board.bus.bytes, board.bus.hurt);
}

static const struct {
	const char *name;
	int words;                  /* at least, the name included */
	void (*act)(client_t *, const request_t *);
} requests[] = {
	{ "i2c", 4, do_i2c },       { "i2cfault", 3, do_i2c_fault }, { "adc", 3, do_adc },
	{ "drive", 3, do_drive },   { "pin", 2, do_pin },            { "uart", 5, do_uart },
	{ "noise", 2, do_noise },   { "power", 2, do_power },        { "reset", 1, do_reset },
	{ "halt", 1, do_halt },     { "run", 1, do_halt },           { "eeprom", 3, do_eeprom },
	{ "stat", 1, do_stat },
};

static void act(client_t *client, char *line)
{
	request_t r = { .count = 0 };
	char *save;
	for (char *w = strtok_r(line, " \r", &save); w && r.count < WORDS;
		w = strtok_r(NULL, " \r", &save))
		r.word[r.count++] = w;
	r.a = r.count > 1 ? atoi(r.word[1]) : 0;
	r.b = r.count > 2 ? atoi(r.word[2]) : 0;
	for (size_t i = 0; r.count && i < sizeof requests / sizeof *requests; i++)
		if (!strcmp(r.word[0], requests[i].name) && r.count >= requests[i].words)
			return requests[i].act(client, &r);
	answer(client, "error unknown request");
}

/* ---- sockets -------------------------------------------------------------- */

/* Handles complete lines; an I2C request waits its turn on the bus. */
static void serve(client_t *client)
{
	char *end;
	while (client->fd >= 0 && (end = memchr(client->buf, '\n', client->n))) {
		char line[LINE];
		if (!strncmp(client->buf, "i2c ", 4) && (i2c_busy(&board.bus) || i2c_client))
			return;
		*end = 0;
		memcpy(line, client->buf, end + 1 - client->buf);
		client->n -= end + 1 - client->buf;
		memmove(client->buf, end + 1, client->n);
		act(client, line);
	}
}

static void read_from(client_t *client)
{
	int n = read(client->fd, client->buf + client->n, sizeof client->buf - client->n);
	if (n > 0) {
		client->n += n;
	} else if (n == 0 || errno != EAGAIN) { /* gone, or a line without an end */
		if (i2c_client == client)
			i2c_client = NULL;
		close(client->fd);
		client->fd = -1;
	}
}

static void admit(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), i = 0;
	while (i < CLIENTS && clients[i].fd >= 0)
		i++;
	if (i == CLIENTS)
		close(fd);
	else
		clients[i] = (client_t){ .fd = fd };
}

void control_exchange(long timeout_us)
{
	struct pollfd p[CLIENTS + 3] = { { listener, POLLIN, 0 }, { uart_watch_fd(), POLLIN, 0 },
		{ uart_data_fd(), POLLIN, 0 } };
	struct timespec t = { 0, timeout_us * 1000L };
	for (int i = 0; i < CLIENTS; i++)
		p[i + 3] = (struct pollfd){ clients[i].fd, POLLIN, 0 };
	if (ppoll(p, CLIENTS + 3, &t, NULL) < 0)
		return;
	if (p[1].revents)
		uart_events();
	uart_exchange(p[2].revents & POLLIN);
	for (int i = 0; i < CLIENTS; i++) {
		if (clients[i].fd >= 0 && p[i + 3].revents)
			read_from(&clients[i]);
		serve(&clients[i]);
	}
	if (p[0].revents & POLLIN)
		admit();
}

int control_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return errno = ENAMETOOLONG, -1;
	strcpy(address.sun_path, path);
	unlink(path);
	for (int i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	board.bus.done = i2c_done;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return bind(listener, (struct sockaddr *)&address, sizeof address) ||
		listen(listener, CLIENTS) ? -1 : 0;
}
