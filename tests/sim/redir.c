/* SPDX-License-Identifier: GPL-3.0-or-later */

/* redir: puts a simulated phone, or what stands at a socket, into a USB port of a virtual machine.
 *
 * Commands come as lines on standard input; each is answered by a line on standard output, "ok" or
 * what is wrong. Its end is the end of the program. */

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <string.h>

#include "basic/bytes.h"
#include "front-redir.h"
#include "front-stream.h"
#include "phone-spec.h"

static int usage(FILE *f, int code)
{
        fprintf(f,
                "redir --connect SOCKET --phone PHONE\n"
                "redir --connect SOCKET --backend SOCKET [--id 0e8d:2000]\n"
                "A phone at a usb-redir port of QEMU, which listens on the first SOCKET.\n\n"
                "  --log FILE  events, breaches (default: standard error)\n\n"
                "Lines on standard input: plug, unplug, present, breaches, and\n"
                "set KEY=VALUE...: another phone of that kind, switched off.\n\n");
        phone_spec_help(f);
        return code;
}

typedef struct Redir {
        RedirFront *front;
        PhoneSpec spec; /* meaningless with an external one */
        bool external;
        FILE *log;
} Redir;

static const char *do_plug(Redir *r, char *rest)
{
        return redir_plug(r->front) < 0 ? "it is plugged in already" : NULL;
}

static const char *do_unplug(Redir *r, char *rest)
{
        return redir_unplug(r->front) < 0 ? "it is not there" : NULL;
}

static const char *do_present(Redir *r, char *rest)
{
        Device *d = redir_device(r->front);
        return d->ops->attached(d) ? NULL : "it is not there";
}

static const char *do_breaches(Redir *r, char *rest)
{
        static char text[16];
        Device *d = redir_device(r->front);
        unsigned n = d->ops->breaches(d);
        snprintf(text, sizeof(text), "%u", n);
        return n ? text : NULL;
}

static const char *do_set(Redir *r, char *rest)
{
        PhoneSpec spec = r->spec;
        Device *device;
        char *word;
        spec.config.n_faults = 0;
        if (r->external)
                return "it is not ours";
        while ((word = strsep(&rest, " ")))
                if (*word && phone_spec_set(&spec, word) < 0)
                        return "not a variation";
        if (device_of_phone(&spec.config, &device) < 0)
                return "it cannot be made";
        r->spec = spec;
        redir_set_device(r->front, device);
        return NULL;
}

typedef struct Verb {
        const char *name;
        const char *(*run)(Redir *r, char *rest);
} Verb;

static const Verb verbs[] = {
        { "plug", do_plug },
        { "unplug", do_unplug },
        { "present", do_present },
        { "breaches", do_breaches },
        { "set", do_set },
};

static void command(Redir *r, char *line)
{
        const char *wrong = "unknown command", *verb = strsep(&line, " ");
        for (size_t i = 0; i < ELEMENTS(verbs); i++)
                if (!strcmp(verbs[i].name, verb))
                        wrong = verbs[i].run(r, line);
        printf("%s\n", wrong ?: "ok");
        fflush(stdout);
}

/* False at the end of the input. */
static bool commands(Redir *r)
{
        static char line[1024];
        static size_t n;
        ssize_t got = read(STDIN_FILENO, line + n, sizeof(line) - 1 - n);
        char *end;
        if (got <= 0)
                return false;
        n += (size_t)got;
        line[n] = 0;
        while ((end = strchr(line, '\n'))) {
                size_t used = (size_t)(end + 1 - line);
                *end = 0;
                command(r, line);
                memmove(line, line + used, n + 1 - used);
                n -= used;
        }
        return n < sizeof(line) - 1;
}

static int serve(Redir *r)
{
        for (;;) {
                int e = redir_run(r->front, stream_now());
                if (e < 0)
                        return 0; /* the machine was switched off */
                Device *d = redir_device(r->front);
                uint64_t now = stream_now(), t = redir_deadline(r->front);
                uint64_t us = t == MODEL_NEVER ? 60 * 1000 * MODEL_MS : t > now ? t - now : 0;
                struct timespec wait = { .tv_sec = (time_t)(us / 1000000),
                        .tv_nsec = (long)(us % 1000000) * 1000 };
                struct pollfd fds[] = { { redir_fd(r->front), redir_events(r->front), 0 },
                        { STDIN_FILENO, POLLIN, 0 }, { d->ops->fd(d), POLLIN, 0 } };
                if (ppoll(fds, ELEMENTS(fds), &wait, NULL) < 0 && errno != EINTR)
                        return 1;
                if (fds[1].revents && !commands(r))
                        return 0;
                d = redir_device(r->front); /* perhaps another one by now */
                if (r->spec.config.strict && d->ops->breaches(d))
                        return 3;
        }
}

static int make_device(
        Redir *r, const char *backend, unsigned vendor, unsigned product, Device **ret)
{
        if (r->external)
                return device_of_socket(
                        backend, (uint16_t)vendor, (uint16_t)product, MODEL_NEVER, ret);
        if (r->spec.port_faults || !r->spec.config.flash[0]) {
                fprintf(stderr, "redir: a phone needs flash=DIR, and no port=FAULT\n");
                return -EINVAL;
        }
        int e = phone_spec_make_flash(&r->spec, r->spec.config.flash);
        return e < 0 ? e : device_of_phone(&r->spec.config, ret);
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "connect", required_argument, NULL, 'c' },
                { "backend", required_argument, NULL, 'b' },
                { "phone", required_argument, NULL, 'p' },
                { "id", required_argument, NULL, 'i' },
                { "log", required_argument, NULL, 'l' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        const char *connect = NULL, *backend = NULL, *phone = NULL, *log = NULL;
        unsigned vendor = 0x0e8d, product = 0x2000;
        static Redir r;
        Device *device = NULL;
        int c, e;
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'c': connect = optarg; break;
                case 'b': backend = optarg; break;
                case 'p': phone = optarg; break;
                case 'l': log = optarg; break;
                case 'i':
                        if (sscanf(optarg, "%4x:%4x", &vendor, &product) != 2)
                                return usage(stderr, 2);
                        break;
                case 'h': return usage(stdout, 0);
                default: return 2;
                }
        if (!connect || !backend == !phone || optind != argc)
                return usage(stderr, 2);
        if (phone && phone_spec_parse(phone, &r.spec) < 0)
                return 2;
        r.external = backend;
        snprintf(r.spec.config.log, sizeof(r.spec.config.log), "%s", log ?: "");
        r.log = log ? fopen(log, "ae") : stderr;
        if (!r.log) {
                fprintf(stderr, "redir: %s: %m\n", log);
                return 2;
        }
        e = make_device(&r, backend, vendor, product, &device);
        if (e >= 0)
                e = redir_new(connect, device, r.log, &r.front);
        if (e < 0) {
                fprintf(stderr, "redir: %s: %s\n", connect, strerror(-e));
                return 2;
        }
        int code = serve(&r);
        redir_free(r.front);
        return code;
}
