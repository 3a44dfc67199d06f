/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "basic/fd.h"
#include "basic/log.h"

enum {
        MESSAGES_A_TURN = 32,        /* so that one busy helper does not starve the others */
        KILL_USEC = 3 * 1000 * 1000, /* from SIGTERM to SIGKILL */
        FD_CONTROL = 3,
        FD_EXTRA = 4,
        FD_FREE = 16, /* above the descriptors a helper starts with */
};

/* Silence of a keeper has a generous limit: a disk may stall for long, and that is no hang. */
static const struct {
        const char *binary;
        uint64_t silence_usec;
} kinds[_HELPER_KIND_MAX] = {
        [HELPER_WORKER] = { "mtkbackup-worker", UINT64_C(30) * 1000 * 1000 },
        [HELPER_KEEPER] = { "mtkbackup-keeper", UINT64_C(900) * 1000 * 1000 },
};

struct Helper {
        sd_event *event; /* borrowed */
        HelperKind kind;
        pid_t pid;
        int socket;
        sd_event_source *io, *child, *silence, *stop;
        bool terminated;
        const HelperOps *ops;
        void *userdata;
};

Helper *helper_free(Helper *h)
{
        if (!h)
                return NULL;
        sd_event_source_disable_unref(h->io);
        sd_event_source_disable_unref(h->silence);
        sd_event_source_disable_unref(h->stop);
        /* owns the process: ends and reaps it if that has not happened */
        sd_event_source_disable_unref(h->child);
        fd_close(h->socket);
        free(h);
        return NULL;
}

/* ---- the end ---- */

static int on_stop(sd_event_source *s, uint64_t usec, void *userdata)
{
        Helper *h = userdata;

        if (h->terminated) {
                log_warning("%s[%d] does not end, killing it", kinds[h->kind].binary, (int)h->pid);
                kill(h->pid, SIGKILL);
                return 0;
        }
        helper_stop(h);
        return 0;
}

static void arm(Helper *h, uint64_t usec)
{
        if (sd_event_source_set_time_relative(h->stop, usec) < 0 ||
                sd_event_source_set_enabled(h->stop, SD_EVENT_ONESHOT) < 0)
                kill(h->pid, SIGKILL);
}

void helper_stop(Helper *h)
{
        if (h->terminated)
                return;
        h->terminated = true;
        kill(h->pid, SIGTERM);
        arm(h, KILL_USEC);
}

void helper_stop_after(Helper *h, uint64_t usec)
{
        if (!h->terminated)
                arm(h, usec);
}

void helper_stop_never(Helper *h)
{
        if (!h->terminated)
                (void)sd_event_source_set_enabled(h->stop, SD_EVENT_OFF);
}

static void describe_end(const siginfo_t *info, char *out, size_t size)
{
        if (info->si_code == CLD_EXITED && info->si_status == 0)
                out[0] = 0;
        else if (info->si_code == CLD_EXITED)
                snprintf(out, size, "exited with status %d", info->si_status);
        else
                snprintf(out, size, "was ended by signal %d (%s)", info->si_status,
                        strsignal(info->si_status));
}

/* ---- messages ---- */

/* 1 one was handed on, 0 there is none now, negative: there will be none any more */
static int take_message(Helper *h)
{
        _cleanup_message_ Message m;
        int r = message_receive(h->socket, MSG_DONTWAIT, &m);

        if (r == -EAGAIN)
                return 0;
        if (r == -EBADMSG) {
                log_error("%s[%d] sent a malformed message", kinds[h->kind].binary, (int)h->pid);
                return r;
        }
        if (r <= 0)
                return -EPIPE;
        (void)sd_event_source_set_time_relative(h->silence, kinds[h->kind].silence_usec);
        h->ops->message(h->userdata, &m);
        return 1;
}

static int on_child(sd_event_source *s, const siginfo_t *info, void *userdata)
{
        Helper *h = userdata;
        char how[96];

        /* the socket holds a bounded number of messages and nobody fills it any more */
        while (take_message(h) > 0)
                ;
        describe_end(info, how, sizeof how);
        h->ops->exited(h->userdata, how);
        return 0;
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
        Helper *h = userdata;
        int r = 1;

        for (int i = 0; i < MESSAGES_A_TURN && r > 0; i++)
                r = take_message(h);
        if (r >= 0)
                return 0;
        /* it has closed its end, so it is about to exit; what broke the format is not waited for */
        (void)sd_event_source_set_enabled(h->io, SD_EVENT_OFF);
        if (r == -EBADMSG)
                helper_stop(h);
        else
                helper_stop_after(h, KILL_USEC);
        return 0;
}

static int on_silence(sd_event_source *s, uint64_t usec, void *userdata)
{
        Helper *h = userdata;

        log_error("%s[%d] has been silent for too long", kinds[h->kind].binary, (int)h->pid);
        helper_stop(h);
        return 0;
}

int helper_send(Helper *h, const Message *m)
{
        int r = message_send(h->socket, m);

        if (r == -EAGAIN) {
                log_error("%s[%d] does not take its messages", kinds[h->kind].binary, (int)h->pid);
                helper_stop(h);
        } else if (r < 0 && r != -EPIPE && r != -ECONNRESET)
                log_error("%s[%d]: cannot send %s: %s", kinds[h->kind].binary, (int)h->pid,
                        message_type(m), strerror(-r));
        return r;
}

/* ---- the start ---- */

/* What a helper sees of the daemon's environment. */
static const char *const environment[] = {
        "MTKBACKUP_LOG_LEVEL",
#if TEST_HOOKS
        "MTKBACKUP_TEST_CAGE",
        "LD_PRELOAD",
        "UMOCKDEV_DIR",
        "ASAN_OPTIONS",
        "UBSAN_OPTIONS",
        "LLVM_PROFILE_FILE",
#endif
};

static int make_environment(char *envp[static ELEMENTS(environment) + 2])
{
        size_t n = 0;

        envp[n++] = strdup("LANG=C.UTF-8");
        for (size_t i = 0; i < ELEMENTS(environment); i++) {
                const char *value = getenv(environment[i]);

                if (value && asprintf(&envp[n], "%s=%s", environment[i], value) >= 0)
                        n++;
        }
        envp[n] = NULL;
        return envp[0] ? 0 : -ENOMEM;
}

static int set_up(
        posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int control, int extra)
{
        sigset_t none, all;
        int r;

        sigemptyset(&none);
        sigfillset(&all);
        r = posix_spawnattr_setsigmask(attributes, &none);
        r = r ?: posix_spawnattr_setsigdefault(attributes, &all);
        r = r
                ?: posix_spawnattr_setflags(
                           attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        r = r ?: posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        r = r ?: posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        r = r ?: posix_spawn_file_actions_adddup2(actions, control, FD_CONTROL);
        if (extra >= 0)
                r = r ?: posix_spawn_file_actions_adddup2(actions, extra, FD_EXTRA);
        return -r;
}

static int spawn(const HelperSetup *setup, HelperKind kind, int control, int extra, pid_t *ret)
{
        char path[4096], cage[] = "--cage=optional";
        char chips[CHIP_EXTRA_MAX][CHIP_EXTRA_TEXT_MAX + sizeof "--chip="];
        char *argv[CHIP_EXTRA_MAX + 3] = { path };
        char *envp[ELEMENTS(environment) + 2] = { NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        size_t n = 1;
        int r;

        if (setup->cage_optional)
                argv[n++] = cage;
        for (size_t i = 0; kind == HELPER_WORKER && setup->config && i < CHIP_EXTRA_MAX; i++) {
                if (!setup->config->chips[i][0])
                        break;
                snprintf(chips[i], sizeof chips[i], "--chip=%s", setup->config->chips[i]);
                argv[n++] = chips[i];
        }
        if ((size_t)snprintf(path, sizeof path, "%s/%s", setup->directory, kinds[kind].binary) >=
                sizeof path)
                return -ENAMETOOLONG;
        r = make_environment(envp);
        if (r < 0)
                return r;
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        r = set_up(&actions, &attributes, control, extra);
        if (r == 0)
                r = -posix_spawn(ret, path, &actions, &attributes, argv, envp);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        for (char **e = envp; *e; e++)
                free(*e);
        return r;
}

static int watch(Helper *h)
{
        int r = sd_event_add_io(h->event, &h->io, h->socket, EPOLLIN, on_io, h);

        if (r < 0)
                return r;
        r = sd_event_add_time_relative(h->event, &h->silence, CLOCK_MONOTONIC,
                kinds[h->kind].silence_usec, 0, on_silence, h);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(
                h->event, &h->stop, CLOCK_MONOTONIC, KILL_USEC, 0, on_stop, h);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(h->stop, SD_EVENT_OFF);
}

int helper_spawn(sd_event *event, const HelperSetup *setup, HelperKind kind, int fd,
        const HelperOps *ops, void *userdata, Helper **ret)
{
        _cleanup_close_ int theirs = -1, control = -1, extra = -1;
        _cleanup_(helper_freep) Helper *h = calloc(1, sizeof *h);
        int pair[2], r;

        if (!h)
                return -ENOMEM;
        *h = (Helper){
                .event = event, .kind = kind, .socket = -1, .ops = ops, .userdata = userdata
        };
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        h->socket = pair[0];
        theirs = pair[1];
        /* the daemon's end alone does not wait: the flag belongs to each end */
        if (fcntl(h->socket, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        /* copies high up, so that putting one at its place does not overwrite the other */
        control = fcntl(theirs, F_DUPFD_CLOEXEC, FD_FREE);
        if (control < 0)
                return -errno;
        if (fd >= 0 && (extra = fcntl(fd, F_DUPFD_CLOEXEC, FD_FREE)) < 0)
                return -errno;
        r = watch(h);
        if (r < 0)
                return r;
        r = spawn(setup, kind, control, extra, &h->pid);
        if (r < 0)
                return r;
        r = sd_event_add_child(event, &h->child, h->pid, WEXITED, on_child, h);
        if (r < 0) {
                kill(h->pid, SIGKILL);
                waitpid(h->pid, NULL, 0);
                return r;
        }
        r = sd_event_source_set_child_process_own(h->child, true);
        if (r < 0)
                return r;
        log_debug("%s[%d] started", kinds[kind].binary, (int)h->pid);
        *ret = TAKE_PTR(h);
        return 0;
}
