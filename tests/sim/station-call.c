/* SPDX-License-Identifier: GPL-3.0-or-later */

/* station-call SOCKET WORD...: asks a running station for something. "wait PATTERN SECONDS" waits
 * until a line of its event log contains PATTERN (lines from before count, too). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int ask(const char *path, char **words, int n)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        char data[4096], reply[1024];
        size_t size = 0;
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
        for (int i = 0; i < n; i++) {
                size_t k = strlen(words[i]) + 1;
                if (size + k > sizeof(data))
                        return 2;
                memcpy(data + size, words[i], k);
                size += k;
        }
        if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
                send(fd, data, size, 0) < 0) {
                fprintf(stderr, "station-call: %s: %s\n", path, strerror(errno));
                return 1;
        }
        ssize_t k = recv(fd, reply, sizeof(reply) - 1, 0);
        close(fd);
        if (k <= 0) {
                fprintf(stderr, "station-call: the station has gone\n");
                return 1;
        }
        reply[k] = 0;
        char *text = strchr(reply, ' ');
        int code = atoi(reply);
        if (text && text[1])
                fprintf(code ? stderr : stdout, "%s\n", text + 1);
        return code;
}

static int wait_for_line(const char *pattern, double seconds)
{
        const char *path = getenv("STATION_EVENTS");
        struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
        for (double t = 0; t <= seconds; t += 0.005) {
                FILE *f = path ? fopen(path, "re") : NULL;
                char line[1024];
                while (f && fgets(line, sizeof(line), f))
                        if (strstr(line, pattern)) {
                                fputs(line, stdout);
                                fclose(f);
                                return 0;
                        }
                if (f)
                        fclose(f);
                nanosleep(&pause, NULL);
        }
        fprintf(stderr, "no line with '%s' in %.1f s\n", pattern, seconds);
        return 1;
}

int main(int argc, char **argv)
{
        if (argc < 3) {
                fprintf(stderr, "station-call SOCKET WORD...\n");
                return 2;
        }
        if (!strcmp(argv[2], "wait"))
                return argc < 4 ? 2 : wait_for_line(argv[3], argc > 4 ? atof(argv[4]) : 60);
        return ask(argv[1], argv + 2, argc - 2);
}
