/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/keeper.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "basic/cage.h"
#include "basic/digest.h"
#include "basic/log.h"
#include "daemon/keeper/operation.h"
#include "wire/verbs.h"

enum {
        ALIVE_MS = 1000 * VERB_ALIVE_SECONDS / 2,
        /* an operation that only reads, and is stuck in a write to somebody's pipe, is left there */
        LEAVE_MS = 2000,
};

typedef struct Keeper {
        Control control;
        Host host;
        int dir;      /* the store, -1 */
        int signals;  /* SIGTERM and SIGINT */
        int finished; /* an eventfd: the operation's thread has ended */
        const OperationKind *kind;
        Operation operation;
        pthread_t thread;
        Message run;
} Keeper;

static void *operation_thread(void *userdata)
{
        static const uint64_t one = 1;
        Keeper *k = userdata;

        k->operation.result = k->kind->run(&k->operation);
        (void)!write(k->finished, &one, sizeof one);
        return NULL;
}

static int64_t milliseconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the main thread ---- */

static void listen_daemon(Keeper *k)
{
        _cleanup_message_ Message m;
        int r = message_receive(k->control.socket, MSG_DONTWAIT, &m);

        if (r == -EAGAIN)
                return;
        if (r <= 0)
                control_stop(&k->control, STOP_GONE);
        else if (message_is(&m, VERB_CANCEL))
                control_stop(&k->control, STOP_CANCEL);
}

static void send_alive(Keeper *k)
{
        Message m;

        message_start(&m, VERB_ALIVE);
        /* when the daemon does not read, it has signs of life enough in its queue */
        (void)!message_send(k->control.socket, &m);
}

/* Waits for the end of the operation: true, or false when it has to be left behind. */
static bool wait_operation(Keeper *k)
{
        int64_t alive = milliseconds() + ALIVE_MS, leave = INT64_MAX;

        for (;;) {
                bool gone = control_stopped(&k->control) == STOP_GONE;
                struct pollfd p[] = {
                        { .fd = k->finished, .events = POLLIN },
                        { .fd = k->signals, .events = POLLIN },
                        { .fd = gone ? -1 : k->control.socket, .events = POLLIN },
                };
                int64_t now = milliseconds();

                if (control_stopped(&k->control) && !k->kind->writes && leave == INT64_MAX)
                        leave = now + LEAVE_MS;
                if (now >= leave)
                        return false;
                if (now >= alive) {
                        send_alive(k);
                        alive = now + ALIVE_MS;
                }
                if (poll(p, ELEMENTS(p), (int)(MIN(alive, leave) - now)) < 0)
                        continue;
                if (p[0].revents)
                        return true;
                if (p[1].revents) {
                        struct signalfd_siginfo info;

                        (void)!read(k->signals, &info, sizeof info);
                        control_stop(&k->control, STOP_TERMINATE);
                }
                if (p[2].revents)
                        listen_daemon(k);
        }
}

static void send_failure(Keeper *k, const Failure *f)
{
        Message m;

        message_start(&m, VERB_FAIL);
        message_add_failure(&m, f);
        control_send(&k->control, &m);
}

static void send_canceled(Keeper *k)
{
        Message m;

        message_start(&m, VERB_DONE);
        message_add(&m, "RESULT", "canceled");
        control_send(&k->control, &m);
}

static void answer(Keeper *k)
{
        Operation *o = &k->operation;

        if (o->result >= 0)
                control_send(&k->control, &o->done);
        else if (o->result == -ECANCELED && !failure_is_set(&o->failure))
                send_canceled(k);
        else {
                failure_set(&o->failure, o->result, ERROR_FAILED, "%s failed: %s.", k->kind->name,
                        strerrordesc_np(-o->result));
                send_failure(k, &o->failure);
        }
}

/* ---- the beginning ---- */

static int receive_run(Keeper *k, Failure *f)
{
        const char *name;
        int r = message_receive(k->control.socket, 0, &k->run);

        if (r <= 0 || !message_is(&k->run, VERB_RUN))
                return failure_set(f, -EPIPE, ERROR_FAILED, "The daemon asked for nothing.");
        name = message_text(&k->run, "OP");
        k->kind = operation_find(name);
        if (!k->kind)
                return failure_set(f, -EINVAL, ERROR_INVALID_OPTION,
                        "The keeper does not know the operation \"%.40s\".", name);
        if (k->kind->needs_store && k->dir < 0)
                return failure_set(f, -EINVAL, ERROR_STORE_FAILED,
                        "The daemon did not pass the folder of the store.");
        return 0;
}

static int run_operation(Keeper *k, Failure *f)
{
        Operation *o = &k->operation;
        int r;

        *o = (Operation){ .control = &k->control, .run = &k->run, .dir = k->dir, .host = &k->host };
        message_start(&o->done, VERB_DONE);
        r = pthread_create(&k->thread, NULL, operation_thread, k);
        if (r != 0)
                return failure_set(
                        f, -r, ERROR_FAILED, "No thread can be made: %s.", strerrordesc_np(r));
        if (!wait_operation(k)) {
                send_canceled(k);
                _exit(0);
        }
        pthread_join(k->thread, NULL);
        answer(k);
        return 0;
}

static bool cage_wanted(void)
{
#if TEST_HOOKS
        const char *off = getenv("MTKBACKUP_TEST_CAGE");

        return !off || strcmp(off, "off") != 0;
#else
        return true;
#endif
}

static int enter_cage(Keeper *k, bool optional, Failure *f)
{
        int r;

        if (!cage_wanted())
                return 0;
        r = cage_enter(CAGE_KEEPER, k->dir);
        if (r == 0)
                return 0;
        if (optional) {
                log_warning("Running without a cage: %s", strerrordesc_np(-r));
                return 0;
        }
        failure_set(f, r, ERROR_NO_CAGE,
                "The keeper cannot confine itself (%s), so it does not run.", strerrordesc_np(-r));
        failure_hint(f,
                "A kernel with Landlock and seccomp is needed (5.19 or newer), or "
                "\"cage: optional\" in mtkbackupd.yaml.");
        return r;
}

/* What has to be open before the cage closes. */
static int set_up(Keeper *k)
{
        struct stat st;
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return -errno;
        umask(0077);
        /* each thread its own arena would cost memory for nothing */
        mallopt(M_ARENA_MAX, 2);
        k->dir = fstat(KEEPER_STORE, &st) == 0 && S_ISDIR(st.st_mode) ? KEEPER_STORE : -1;
        k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        k->finished = eventfd(0, EFD_CLOEXEC);
        if (k->signals < 0 || k->finished < 0)
                return -errno;
        r = digest_init();
        if (r < 0)
                return r;
        host_look(&k->host);
        tzset();
        return control_open(&k->control, KEEPER_CONTROL);
}

int keeper_main(int argc, char *argv[])
{
        bool optional = argc == 2 && strcmp(argv[1], "--cage=optional") == 0;
        static Keeper keeper; /* some messages of 16 KiB each */
        Keeper *k = &keeper;
        Failure f = {};
        int r, caged;

        log_open("mtkbackup-keeper");
        if (argc > 2 || (argc == 2 && !optional)) {
                log_error("This program is started by mtkbackupd.");
                return 2;
        }
        r = set_up(k);
        if (r < 0) {
                log_error("Cannot start: %s", strerrordesc_np(-r));
                return 1;
        }
        caged = enter_cage(k, optional, &f);
        /* asked for nothing yet: whoever asks hears why it is not done */
        r = receive_run(k, &f);
        if (r == 0 && caged == 0)
                r = run_operation(k, &f);
        if (failure_is_set(&f))
                send_failure(k, &f);
        return failure_is_set(&f) ? 1 : 0;
}
