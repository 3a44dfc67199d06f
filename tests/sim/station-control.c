/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the command can ask for: one datagram with words separated by NULs, one datagram back, the
 * exit code in decimal, a space and a text. station-call is the other side. */

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "station.h"

enum { WORDS_MAX = 48 };

typedef struct Request {
        Station *station;
        char *words[WORDS_MAX];
        size_t n;
        char text[512]; /* of the answer */
} Request;

/* The phone that word i names; the first one by default. */
static StationPhone *phone(Request *q, size_t i)
{
        unsigned long n = i < q->n ? strtoul(q->words[i], NULL, 10) : 1;
        if (n >= 1 && n <= q->station->n_phones)
                return &q->station->phones[n - 1];
        snprintf(q->text, sizeof(q->text), "there is no phone %s", q->words[i]);
        return NULL;
}

static int do_plug(Request *q)
{
        StationPhone *p = phone(q, 1);
        if (!p)
                return 2;
        int r = port_plug(p->port, 5000);
        if (r == -EALREADY)
                snprintf(q->text, sizeof(q->text), "it is plugged in already");
        else if (r < 0)
                snprintf(q->text, sizeof(q->text), "no device came: %s", strerror(-r));
        return r < 0;
}

static int do_unplug(Request *q)
{
        StationPhone *p = phone(q, 1);
        if (!p)
                return 2;
        int r = port_unplug(p->port);
        if (r < 0)
                snprintf(q->text, sizeof(q->text), "it is not there");
        return r < 0;
}

static int do_present(Request *q)
{
        StationPhone *p = phone(q, 1);
        return !p ? 2 : !port_present(p->port);
}

/* set N KEY=VALUE…: another phone of the same kind at the same port, switched off; faults of the
 * old one are forgotten */
static int do_set(Request *q)
{
        StationPhone *p = phone(q, 1);
        Device *device;
        if (!p || p->external)
                return 2;
        PhoneSpec spec = p->spec;
        spec.config.n_faults = 0;
        spec.port_faults = 0;
        for (size_t i = 2; i < q->n; i++)
                if (phone_spec_set(&spec, q->words[i]) < 0) {
                        snprintf(q->text, sizeof(q->text), "not a variation: %s", q->words[i]);
                        return 2;
                }
        if (device_of_phone(&spec.config, &device) < 0)
                return 1;
        p->spec = spec;
        port_set_faults(p->port, spec.port_faults);
        port_set_device(p->port, device);
        return 0;
}

/* change N KEY=VALUE…: the phone that is there, while it runs */
static int do_change(Request *q)
{
        StationPhone *p = phone(q, 1);
        if (!p)
                return 2;
        for (size_t i = 2; i < q->n; i++)
                if (port_change(p->port, q->words[i]) < 0) {
                        snprintf(q->text, sizeof(q->text), "not a variation: %s", q->words[i]);
                        return 2;
                }
        return 0;
}

static int do_go(Request *q)
{
        StationPhone *p = phone(q, 1);
        if (!p)
                return 2;
        port_go_on(p->port);
        return 0;
}

static int do_breaches(Request *q)
{
        unsigned n = 0;
        for (size_t i = 0; i < q->station->n_phones; i++)
                n += port_breaches(q->station->phones[i].port);
        snprintf(q->text, sizeof(q->text), "%u", n);
        return 0;
}

static int do_daemon(Request *q)
{
        Station *s = q->station;
        const char *verb = q->n > 1 ? q->words[1] : "";
        bool again = !strcmp(verb, "restart");
        if (!strcmp(verb, "pid")) {
                snprintf(q->text, sizeof(q->text), "%d", s->daemon_pid);
                return !s->daemon_running;
        }
        if (again || !strcmp(verb, "stop"))
                station_stop_daemon(s, SIGTERM);
        else if (!strcmp(verb, "kill"))
                station_stop_daemon(s, SIGKILL);
        else if (strcmp(verb, "start") != 0) {
                snprintf(q->text, sizeof(q->text), "daemon start stop kill restart pid");
                return 2;
        }
        if (!again && strcmp(verb, "start") != 0)
                return 0;
        /* further words are arguments from now on */
        for (size_t i = 2; i < q->n && s->n_daemon_args < STATION_ARGS_MAX; i++)
                s->daemon_args[s->n_daemon_args++] = g_strdup(q->words[i]);
        return station_start_daemon(s) < 0;
}

static int do_bus(Request *q)
{
        Station *s = q->station;
        const char *verb = q->n > 1 ? q->words[1] : "restart";
        if (strcmp(verb, "start") != 0)
                station_stop_bus(s);
        return strcmp(verb, "stop") ? station_start_bus(s) < 0 : 0;
}

typedef struct Verb {
        const char *name;
        int (*run)(Request *q);
} Verb;

static const Verb verbs[] = {
        { "plug", do_plug },
        { "unplug", do_unplug },
        { "present", do_present },
        { "set", do_set },
        { "change", do_change },
        { "go", do_go },
        { "breaches", do_breaches },
        { "daemon", do_daemon },
        { "bus", do_bus },
};

static void answer(int fd, Station *s)
{
        char data[4096], reply[600];
        Request q = { .station = s };
        int code = 2;
        ssize_t n = recv(fd, data, sizeof(data) - 1, 0);
        if (n <= 0)
                return;
        data[n] = 0;
        char *w = data;
        for (; w < data + n && q.n < WORDS_MAX; w += strlen(w) + 1)
                q.words[q.n++] = w;
        bool all = w >= data + n;
        snprintf(q.text, sizeof(q.text), "%s", all ? "" : "too many words");
        for (size_t i = 0; i < ELEMENTS(verbs) && all; i++)
                if (q.n && !strcmp(verbs[i].name, q.words[0]))
                        code = verbs[i].run(&q);
        snprintf(reply, sizeof(reply), "%d %s", code, q.text);
        if (send(fd, reply, strlen(reply), MSG_NOSIGNAL) < 0)
                fprintf(stderr, "station: answer: %s\n", strerror(errno));
}

static gboolean on_connection(gint fd, GIOCondition condition, gpointer userdata)
{
        _cleanup_close_ int line = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (line >= 0)
                answer(line, userdata);
        return G_SOURCE_CONTINUE;
}

int station_start_control(Station *s)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        snprintf(a.sun_path, sizeof(a.sun_path), "%s", in_run("control"));
        s->control_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (s->control_fd < 0 || bind(s->control_fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
                listen(s->control_fd, 16) < 0)
                return -errno;
        g_unix_fd_add(s->control_fd, G_IO_IN, on_connection, s);
        return 0;
}
