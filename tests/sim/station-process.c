/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib-unix.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "front-stream.h"
#include "run-dir.h"
#include "station.h"

static int complain(const char *what, int err)
{
        fprintf(stderr, "station: %s: %s\n", what, strerror(-err));
        return err;
}

/* A child in a session of its own, so that ^C is the command's alone. Output goes to a log file. */
static pid_t start(char *const argv[], const char *log, int keep_fd)
{
        pid_t pid = fork();
        if (pid != 0)
                return pid;
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        setsid();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        if (keep_fd >= 0)
                fcntl(keep_fd, F_SETFD, 0);
        signal(SIGINT, SIG_DFL);
        execvp(argv[0], argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
}

static void stop(pid_t *pid, int signal_number)
{
        if (*pid <= 0)
                return;
        kill(*pid, signal_number);
        for (int i = 0; i < 1000; i++) {
                if (waitpid(*pid, NULL, WNOHANG) != 0) {
                        *pid = 0;
                        return;
                }
                g_usleep(10000);
        }
        kill(*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
        *pid = 0;
}

/* ---- bus ---- */

static int write_file(const char *path, const char *text)
{
        g_autoptr(GError) error = NULL;
        if (g_file_set_contents(path, text, -1, &error))
                return 0;
        fprintf(stderr, "station: %s\n", error->message);
        return -EIO;
}

static char *replace(const char *text, const char *what, const char *with)
{
        g_auto(GStrv) parts = g_strsplit(text, what, -1);
        return g_strjoinv(with, parts);
}

static int make_bus_config(void)
{
        g_autofree char *text = NULL, *uid = g_strdup_printf("%u", getuid());
        g_autofree char *policy = NULL;
        if (!g_file_get_contents(SOURCE_ROOT "/tests/sim/bus.conf.in", &text, NULL, NULL))
                return complain("bus.conf.in", -ENOENT);
        g_autofree char *with_dir = replace(text, "@DIR@", run_dir());
        g_autofree char *whole = replace(with_dir, "@UID@", uid);
        g_mkdir_with_parents(in_run("system.d"), 0755);
        int r = 0;
        if (g_file_get_contents(SOURCE_ROOT "/dbus/org.mtkbackup1.conf", &policy, NULL, NULL))
                r = write_file(in_run("system.d/org.mtkbackup1.conf"), policy);
        else
                complain("dbus/org.mtkbackup1.conf", -ENOENT); /* calls will be refused */
        return r < 0 ? r : write_file(in_run("bus.conf"), whole);
}

int station_start_bus(Station *s)
{
        int ready[2];
        char config[200], print[40], line[300] = "";
        int r = make_bus_config();
        if (r < 0)
                return r;
        if (pipe2(ready, O_CLOEXEC) < 0)
                return -errno;
        snprintf(config, sizeof(config), "--config-file=%s", in_run("bus.conf"));
        snprintf(print, sizeof(print), "--print-address=%d", ready[1]);
        char *argv[] = { (char *)(uintptr_t) "dbus-daemon", config, (char *)(uintptr_t) "--nofork",
                (char *)(uintptr_t) "--nopidfile", print, NULL };
        s->bus_pid = start(argv, in_state(s, "log/bus.log"), ready[1]);
        close(ready[1]);
        struct pollfd p = { ready[0], POLLIN, 0 };
        ssize_t n = poll(&p, 1, 60000) > 0 ? read(ready[0], line, sizeof(line) - 1) : -1;
        close(ready[0]);
        if (n <= 0)
                return complain("the bus does not start, see log/bus.log", -EIO);
        snprintf(s->address, sizeof(s->address), "unix:path=%s", in_run("bus"));
        setenv("DBUS_SYSTEM_BUS_ADDRESS", s->address, 1);
        return 0;
}

void station_stop_bus(Station *s)
{
        stop(&s->bus_pid, SIGTERM);
}

int station_start_polkit(Station *s)
{
        /* the distribution's interpreter: others do not have the module */
        const char *argv[] = { "/usr/bin/python3", "-m", "dbusmock", "--system", "--template",
                "polkitd", NULL };
        const char *probe = "busctl --system list --no-legend 2>/dev/null | "
                            "grep -q org.freedesktop.PolicyKit1";
        s->polkit_pid = start((char *const *)(uintptr_t)argv, in_state(s, "log/polkit.log"), -1);
        for (int i = 0; i < 3000; i++) {
                if (system(probe) == 0)
                        return 0;
                g_usleep(20000);
        }
        return complain("the polkit mock does not start, see log/polkit.log", -EIO);
}

void station_stop_polkit(Station *s)
{
        stop(&s->polkit_pid, SIGTERM);
}

/* ---- daemon ---- */

static const char *const helper_names[] = { "worker", "keeper" };

static const char *helper_program(const Station *s, const char *name)
{
        static char path[4300];
        if (s->helpers)
                snprintf(path, sizeof(path), "%s/mtkbackup-%s", s->helpers, name);
        else
                snprintf(path, sizeof(path), BUILD_ROOT "/daemon/%s/mtkbackup-%s", name, name);
        return path;
}

/* What is run in place of a program to have valgrind look at it. */
static char *valgrind_line(const Station *s, const char *name, const char *program)
{
        return g_strdup_printf("valgrind -q --error-exitcode=99 --leak-check=full "
                               "--show-leak-kinds=definite --errors-for-leak-kinds=definite "
                               "--trace-children=no --num-callers=30 "
                               "--suppressions=" SOURCE_ROOT "/tests/sim/valgrind.supp "
                               "--log-file=%s/%s.%%p.log %s",
                in_state(s, "log/valgrind"), name, program);
}

int station_make_helpers(Station *s)
{
        g_mkdir_with_parents(in_run("helpers"), 0755);
        for (size_t i = 0; i < ELEMENTS(helper_names); i++) {
                const char *program = helper_program(s, helper_names[i]);
                g_autofree char *path =
                        g_strdup_printf("%s/mtkbackup-%s", in_run("helpers"), helper_names[i]);
                if (!s->valgrind) {
                        if (symlink(program, path) < 0)
                                return complain(path, -errno);
                        continue;
                }
                g_autofree char *line = valgrind_line(s, helper_names[i], program);
                g_autofree char *script = g_strdup_printf("#!/bin/sh\nexec %s \"$@\"\n", line);
                int r = write_file(path, script);
                if (r < 0 || chmod(path, 0755) < 0)
                        return r < 0 ? r : -errno;
        }
        return 0;
}

int station_check_valgrind(Station *s)
{
        g_autofree char *dir = g_strdup(in_state(s, "log/valgrind"));
        g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
        const char *name;
        int bad = 0;
        while (d && (name = g_dir_read_name(d))) {
                g_autofree char *path = g_strdup_printf("%s/%s", dir, name), *text = NULL;
                gsize size = 0;
                /* "==" lines are findings, "--" lines are about valgrind itself */
                if (g_file_get_contents(path, &text, &size, NULL) && strstr(text, "==")) {
                        fprintf(stderr, "station: valgrind, %s:\n%s", name, text);
                        bad = -EIO;
                }
        }
        return bad;
}

static void read_notify(Station *s)
{
        char text[4096];
        ssize_t n;
        while ((n = recv(s->notify_fd, text, sizeof(text) - 1, 0)) > 0) {
                text[n] = 0;
                s->daemon_ready |= !strncmp(text, "READY=1", 7) || strstr(text, "\nREADY=1");
        }
}

/* As a service manager does: nobody waits because his news are not read. */
static gboolean on_notify(gint fd, GIOCondition condition, gpointer userdata)
{
        read_notify(userdata);
        return G_SOURCE_CONTINUE;
}

static int open_notify(Station *s)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        snprintf(a.sun_path, sizeof(a.sun_path), "%s", in_run("notify"));
        s->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->notify_fd < 0 || bind(s->notify_fd, (struct sockaddr *)&a, sizeof(a)) < 0)
                return complain("notify socket", -errno);
        g_unix_fd_add(s->notify_fd, G_IO_IN, on_notify, s);
        setenv("NOTIFY_SOCKET", a.sun_path, 1);
        return 0;
}

static void on_daemon_gone(GPid pid, int status, gpointer userdata)
{
        Station *s = userdata;
        s->daemon_running = false;
        s->daemon_status = status;
        s->daemon_watch = 0;
        s->daemon_pid = 0;
        fprintf(s->events, "station daemon gone, %s %d\n",
                WIFSIGNALED(status) ? "signal" : "exit code",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        fflush(s->events);
}

static void tail_of_log(const Station *s)
{
        g_autofree char *text = NULL;
        gsize size = 0;
        if (g_file_get_contents(in_state(s, "log/daemon.log"), &text, &size, NULL))
                fprintf(stderr, "%s", text + (size > 3000 ? size - 3000 : 0));
}

static void daemon_arguments(Station *s, GPtrArray *a)
{
        const char *program = s->daemon ?: BUILD_ROOT "/daemon/mtkbackupd";
        if (s->valgrind) {
                g_autofree char *line = valgrind_line(s, "daemon", program);
                g_auto(GStrv) words = g_strsplit(line, " ", -1);
                for (char **w = words; *w; w++)
                        g_ptr_array_add(a, g_strdup(*w));
        } else
                g_ptr_array_add(a, g_strdup(program));
        g_ptr_array_add(a, g_strdup("--state-directory"));
        g_ptr_array_add(a, g_strdup(in_state(s, "state")));
        g_ptr_array_add(a, g_strdup("--helper-directory"));
        g_ptr_array_add(a, g_strdup(in_run("helpers")));
        g_ptr_array_add(a, g_strdup("--config"));
        g_ptr_array_add(a, g_strdup(s->config ?: in_run("mtkbackupd.yaml")));
        for (size_t i = 0; i < s->n_profile_dirs; i++) {
                g_ptr_array_add(a, g_strdup("--profile-directory"));
                g_ptr_array_add(a, g_strdup(s->profile_dirs[i]));
        }
        if (!s->n_profile_dirs) {
                g_ptr_array_add(a, g_strdup("--profile-directory"));
                g_ptr_array_add(a, g_strdup(SOURCE_ROOT "/daemon/profiles"));
        }
        for (size_t i = 0; i < s->n_daemon_args; i++)
                g_ptr_array_add(a, g_strdup(s->daemon_args[i]));
        g_ptr_array_add(a, NULL);
}

int station_start_daemon(Station *s)
{
        uint64_t end = stream_now() + (s->valgrind ? 300 : 120) * 1000 * MODEL_MS;
        g_autoptr(GPtrArray) a = g_ptr_array_new_with_free_func(g_free);
        if (s->daemon_running)
                return -EALREADY;
        if (s->notify_fd < 0 && open_notify(s) < 0)
                return -EIO;
        if (!s->config && write_file(in_run("mtkbackupd.yaml"), "") < 0)
                return -EIO;
        read_notify(s);
        s->daemon_ready = false;
        daemon_arguments(s, a);
        s->daemon_pid = start((char *const *)a->pdata, in_state(s, "log/daemon.log"), -1);
        s->daemon_running = s->daemon_pid > 0;
        s->daemon_watch = g_child_watch_add(s->daemon_pid, on_daemon_gone, s);
        while (s->daemon_running && stream_now() < end) {
                struct pollfd p = { s->notify_fd, POLLIN, 0 };
                poll(&p, 1, 10);
                read_notify(s);
                if (s->daemon_ready) {
                        fprintf(s->events, "station daemon ready, pid %d\n", s->daemon_pid);
                        fflush(s->events);
                        return 0;
                }
                while (g_main_context_iteration(NULL, FALSE))
                        ;
        }
        tail_of_log(s);
        return complain("the daemon does not start, see log/daemon.log", -EIO);
}

void station_stop_daemon(Station *s, int signal_number)
{
        uint64_t end = stream_now() + 60 * 1000 * MODEL_MS;
        if (!s->daemon_running)
                return;
        kill(s->daemon_pid, signal_number);
        while (s->daemon_running && stream_now() < end) {
                g_main_context_iteration(NULL, FALSE);
                g_usleep(2000);
        }
        if (s->daemon_running) {
                fprintf(stderr, "station: the daemon does not end, it is killed\n");
                s->code = s->code ?: 1;
                kill(s->daemon_pid, SIGKILL);
        }
        while (s->daemon_running)
                g_main_context_iteration(NULL, TRUE);
}
