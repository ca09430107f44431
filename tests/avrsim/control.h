/* The control socket: one text line per request, one line back. README.md lists the requests. */
#ifndef CONTROL_H
#define CONTROL_H

int control_open(const char *path);      /* -1 with errno */
void control_exchange(long timeout_us);  /* waits for sockets and the terminal, then serves them */

#endif
