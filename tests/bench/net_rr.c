/* Request and response of one byte over one TCP connection, as fast as they go.
 *
 *   net-rr serve PORT              answers for ever, one connection after the other
 *   net-rr ADDRESS PORT SECONDS    prints the transactions per second
 *
 * Statically linked: it runs in the lab's machine and in its guests. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int no_delay(int fd) {
  const int on = 1;
  return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int fail(const char* what) {
  perror(what);
  return 1;
}

static int serve(int fd, const struct sockaddr_in* address) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (const struct sockaddr*)address, sizeof *address) != 0 || listen(fd, 4) != 0) {
    return fail("net-rr: listen");
  }
  for (;;) {
    const int peer = accept(fd, NULL, NULL);
    char byte;
    if (peer < 0) continue;
    no_delay(peer);
    while (read(peer, &byte, 1) == 1 && write(peer, &byte, 1) == 1)
      continue;
    close(peer);
  }
}

static int ask(int fd, const struct sockaddr_in* address, double seconds) {
  char byte = 'x';
  if (connect(fd, (const struct sockaddr*)address, sizeof *address) != 0) {
    return fail("net-rr: connect");
  }
  no_delay(fd);
  long count = 0;
  const double start = now();
  double end = start;
  while (end - start < seconds) {
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) return fail("net-rr: transaction");
    ++count;
    end = now();
  }
  printf("%.0f\n", (double)count / (end - start));
  return 0;
}

int main(int argc, char** argv) {
  const int serving = argc == 3 && strcmp(argv[1], "serve") == 0;
  if (!serving && argc != 4) {
    fputs("net-rr serve PORT | net-rr ADDRESS PORT SECONDS\n", stderr);
    return 2;
  }
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons((unsigned short)atoi(argv[2]));
  if (!serving && inet_pton(AF_INET, argv[1], &address.sin_addr) != 1)
    return fail("net-rr: address");
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return fail("net-rr: socket");
  return serving ? serve(fd, &address) : ask(fd, &address, atof(argv[3]));
}
