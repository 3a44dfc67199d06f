/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station.h"

#include <errno.h>
#include <getopt.h>
#include <glib-unix.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/fd.h"
#include "chips.h"
#include "gen-agent.h"
#include "run-dir.h"

static int usage(FILE *f, int code)
{
        fprintf(f,
                "station [OPTION...] --state DIR -- COMMAND...\n"
                "Runs COMMAND with a private bus, mtkbackupd and phones; exits with its code.\n\n"
                "  --state DIR          keeps state/ (the daemon's, with store/), log/, phoneN/\n"
                "  --phone PHONE        a simulated phone, see below; may be repeated (mt6765)\n"
                "  --backend SOCKET[,VENDOR:PRODUCT]  an external device model (0e8d:2000)\n"
                "  --plugged            they are plugged in before the daemon starts\n"
                "  --strict             exit code 3 when a phone saw a breach of the protocol\n"
                "  --import-agent       a made-up download agent for the phones is there\n"
                "  --config FILE        of the daemon (an empty one)\n"
                "  --profile-directory DIR  (daemon/profiles); may be repeated\n"
                "  --daemon-arg ARG     one more argument; may be repeated\n"
                "  --daemon PROGRAM --helpers DIR  other ones than those of this build\n"
                "  --no-daemon          starts none; STATION_CALL daemon start does\n"
                "  --no-cage            helpers without their cage\n"
                "  --polkit             a mock of polkitd on the bus\n"
                "  --valgrind           daemon and helpers under valgrind (also with "
                "STATION_VALGRIND\n"
                "                       in the environment); exit code 4 on errors\n"
                "  --quiet              log files only\n\n"
                "COMMAND finds these in its environment (N counts from 1):\n"
                "  DBUS_SYSTEM_BUS_ADDRESS  PATH (mtkbackupctl of this build first)\n"
                "  STATION_PLUG [N]  STATION_UNPLUG [N]  commands; they return after the event\n"
                "  STATION_CALL      plug N, unplug N, present N, set N KEY=VALUE...,\n"
                "                    change N KEY=VALUE..., go N, breaches,\n"
                "                    daemon start|stop|kill|restart|pid [ARG...],\n"
                "                    bus start|stop|restart, wait PATTERN [SECONDS]\n"
                "  STATION_STATE DIR  STATION_STORE  STATION_LOG (the daemon's)\n"
                "  STATION_EVENTS (log of phones and ports)  STATION_AGENT (container file)\n"
                "  STATION_FLASH, STATION_FLASH_N (directories)  STATION_RUN\n\n");
        phone_spec_help(f);
        return code;
}

/* ---- paths ---- */

const char *in_run(const char *name)
{
        static char buffers[4][300];
        static unsigned next;
        char *b = buffers[next++ % ELEMENTS(buffers)];
        snprintf(b, sizeof(buffers[0]), "%s/%s", run_dir(), name);
        return b;
}

const char *in_state(const Station *s, const char *name)
{
        static char buffers[4][4500];
        static unsigned next;
        char *b = buffers[next++ % ELEMENTS(buffers)];
        snprintf(b, sizeof(buffers[0]), "%s/%s", s->state_path, name);
        return b;
}

/* ---- phones ---- */

static int add_phone(Station *s, const char *word, bool external)
{
        StationPhone *p = &s->phones[s->n_phones];
        unsigned vendor = 0x0e8d, product = 0x2000;
        if (s->n_phones == STATION_PHONES_MAX)
                return -ENOSPC;
        p->external = external;
        if (!external) {
                if (phone_spec_parse(word, &p->spec) < 0)
                        return -EINVAL;
                p->spec.config.number = (unsigned)s->n_phones + 1;
                /* phones differ, unless somebody said what they are */
                if (!strstr(word, "serial="))
                        p->spec.config.serial = s->n_phones + 1;
                if (!strstr(word, "seed="))
                        p->spec.flash.seed = s->n_phones + 1;
        } else {
                const char *comma = strchr(word, ',');
                size_t n = comma ? (size_t)(comma - word) : strlen(word);
                if (n >= sizeof(p->backend) ||
                        (comma && sscanf(comma + 1, "%4x:%4x", &vendor, &product) != 2))
                        return -EINVAL;
                memcpy(p->backend, word, n);
        }
        p->vendor = (uint16_t)vendor;
        p->product = (uint16_t)product;
        s->n_phones++;
        return 0;
}

static int make_phones(Station *s)
{
        for (size_t i = 0; i < s->n_phones; i++) {
                StationPhone *p = &s->phones[i];
                char name[32];
                Device *device;
                int r;
                snprintf(name, sizeof(name), "phone%zu", i + 1);
                if (p->external)
                        r = device_of_socket(
                                p->backend, p->vendor, p->product, 5000 * MODEL_MS, &device);
                else {
                        PhoneConfig *c = &p->spec.config;
                        snprintf(c->log, sizeof(c->log), "%s", in_state(s, "log/events.log"));
                        r = phone_spec_make_flash(&p->spec, in_state(s, name));
                        if (r >= 0)
                                r = device_of_phone(c, &device);
                }
                if (r >= 0)
                        r = bus_add_port(s->usb, (unsigned)i + 1, device,
                                p->external ? 40 : p->spec.config.cdc_acm_ms, s->events, &p->port);
                if (r < 0) {
                        fprintf(stderr, "station: phone %zu: %s\n", i + 1, strerror(-r));
                        return r;
                }
                port_set_faults(p->port, p->spec.port_faults);
        }
        return 0;
}

/* A download agent for every chip that is there, and the usual ones beside an external device. */
static int make_agent(Station *s)
{
        AgentSpec a = { .seed = 1, .hw_ver = 0xca00 };
        _cleanup_free_ uint8_t *data = NULL;
        g_autoptr(GError) error = NULL;
        size_t size;
        for (size_t i = 0; i < s->n_phones; i++) {
                uint16_t code =
                        s->phones[i].external ? 0x6765 : s->phones[i].spec.config.chip->da_code;
                size_t k = 0;
                while (k < a.n_codes && a.codes[k] != code)
                        k++;
                if (k == a.n_codes)
                        a.codes[a.n_codes++] = code;
        }
        int r = agent_make(&a, &data, &size);
        if (r < 0)
                return r;
        if (!g_file_set_contents(in_state(s, "agent.bin"), (char *)data, (gssize)size, &error)) {
                fprintf(stderr, "station: %s\n", error->message);
                return -EIO;
        }
        if (!s->import_agent)
                return 0;
        g_mkdir_with_parents(in_state(s, "state/agents"), 0700);
        return g_file_set_contents(
                       in_state(s, "state/agents/simulated.bin"), (char *)data, (gssize)size, NULL)
                ? 0
                : -EIO;
}

/* ---- the command ---- */

static int make_script(const char *name, const char *words)
{
        g_autofree char *text = g_strdup_printf("#!/bin/sh\nexec " BUILD_ROOT
                                                "/tests/sim/station-call %s%s \"$@\"\n",
                in_run("control"), words);
        if (!g_file_set_contents(in_run(name), text, -1, NULL) || chmod(in_run(name), 0755) < 0)
                return -EIO;
        return 0;
}

static void set_environment(Station *s)
{
        g_autofree char *path =
                g_strdup_printf(BUILD_ROOT "/client:%s", getenv("PATH") ?: "/usr/bin:/bin");
        run_dir_restore_environment();
        unsetenv("NOTIFY_SOCKET");
        setenv("PATH", path, 1);
        setenv("STATION_STATE", s->state_path, 1);
        setenv("STATION_STORE", in_state(s, "state/store"), 1);
        setenv("STATION_LOG", in_state(s, "log/daemon.log"), 1);
        setenv("STATION_EVENTS", in_state(s, "log/events.log"), 1);
        setenv("STATION_AGENT", in_state(s, "agent.bin"), 1);
        for (size_t i = 0; i < s->n_phones; i++) {
                char name[32];
                if (s->phones[i].external)
                        continue;
                snprintf(name, sizeof(name), "STATION_FLASH_%zu", i + 1);
                setenv(name, s->phones[i].spec.config.flash, 1);
                if (i == 0)
                        setenv("STATION_FLASH", s->phones[i].spec.config.flash, 1);
        }
}

static void on_command_gone(GPid pid, int status, gpointer userdata)
{
        Station *s = userdata;
        s->command_pid = 0;
        s->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        g_main_loop_quit(s->loop);
}

static gboolean on_terminate(gpointer userdata)
{
        Station *s = userdata;
        s->code = 143;
        if (s->command_pid > 0)
                kill(s->command_pid, SIGTERM);
        g_main_loop_quit(s->loop);
        return G_SOURCE_CONTINUE;
}

static int run_command(Station *s)
{
        /* these are needed after the environment is the command's again */
        g_autofree char *run = g_strdup(run_dir()), *plug = g_strdup(in_run("plug"));
        g_autofree char *unplug = g_strdup(in_run("unplug")), *call = g_strdup(in_run("call"));
        s->command_pid = fork();
        if (s->command_pid < 0)
                return -errno;
        if (s->command_pid == 0) {
                signal(SIGINT, SIG_DFL);
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                setenv("STATION_RUN", run, 1);
                setenv("STATION_PLUG", plug, 1);
                setenv("STATION_UNPLUG", unplug, 1);
                setenv("STATION_CALL", call, 1);
                set_environment(s);
                execvp(s->command[0], s->command);
                fprintf(stderr, "station: %s: %s\n", s->command[0], strerror(errno));
                _exit(127);
        }
        g_child_watch_add(s->command_pid, on_command_gone, s);
        g_main_loop_run(s->loop);
        return 0;
}

/* ---- life ---- */

static int open_state(Station *s)
{
        static const char *const dirs[] = { "state", "log", "log/valgrind" };
        if (g_mkdir_with_parents(s->state, 0755) < 0 || !realpath(s->state, s->state_path)) {
                fprintf(stderr, "station: %s: %s\n", s->state, strerror(errno));
                return -errno;
        }
        for (size_t i = 0; i < ELEMENTS(dirs); i++)
                g_mkdir_with_parents(in_state(s, dirs[i]), i ? 0755 : 0700);
        /* logs are this run's */
        unlink(in_state(s, "log/daemon.log"));
        unlink(in_state(s, "log/events.log"));
        s->events = fopen(in_state(s, "log/events.log"), "ae");
        return s->events ? 0 : -errno;
}

static int start_all(Station *s)
{
        int r = open_state(s);
        if (r < 0)
                return r;
        s->loop = g_main_loop_new(NULL, FALSE);
        r = bus_new(&s->usb);
        if (r >= 0)
                r = make_phones(s);
        if (r >= 0)
                r = make_agent(s);
        if (r >= 0)
                r = station_start_bus(s);
        if (r >= 0 && s->polkit)
                r = station_start_polkit(s);
        if (r >= 0)
                r = station_start_control(s);
        if (r >= 0)
                r = station_make_helpers(s);
        if (r >= 0)
                r = make_script("plug", " plug");
        if (r >= 0)
                r = make_script("unplug", " unplug");
        if (r >= 0)
                r = make_script("call", "");
        for (size_t i = 0; r >= 0 && s->plugged && i < s->n_phones; i++)
                r = port_plug(s->phones[i].port, 5000);
        if (s->no_cage || s->valgrind)
                setenv("MTKBACKUP_TEST_CAGE", "off", 1);
        if (r >= 0 && !s->no_daemon)
                r = station_start_daemon(s);
        return r;
}

static void check_breaches(Station *s)
{
        unsigned n = 0;
        for (size_t i = 0; i < s->n_phones; i++)
                n += s->phones[i].port ? port_breaches(s->phones[i].port) : 0;
        if (!n)
                return;
        g_autofree char *text = NULL;
        if (g_file_get_contents(in_state(s, "log/events.log"), &text, NULL, NULL)) {
                g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
                for (char **l = lines; *l; l++)
                        if (strstr(*l, " breach "))
                                fprintf(stderr, "station: %s\n", *l);
        }
        if (s->strict && !s->code)
                s->code = 3;
}

static int run(Station *s)
{
        int r;
        signal(SIGINT, SIG_IGN); /* the command's affair */
        g_unix_signal_add(SIGTERM, on_terminate, s);
        g_unix_signal_add(SIGHUP, on_terminate, s);
        s->notify_fd = -1;
        r = start_all(s);
        if (r >= 0)
                r = run_command(s);
        if (r < 0)
                s->code = 1;
        station_stop_daemon(s, SIGTERM);
        check_breaches(s);
        if (s->valgrind && station_check_valgrind(s) < 0 && !s->code)
                s->code = 4;
        station_stop_polkit(s);
        station_stop_bus(s);
        bus_free(s->usb);
        if (s->loop)
                g_main_loop_unref(s->loop);
        if (s->events)
                fclose(s->events);
        return s->code;
}

enum {
        ARG_STATE = 256,
        ARG_PHONE,
        ARG_BACKEND,
        ARG_PLUGGED,
        ARG_STRICT,
        ARG_AGENT,
        ARG_CONFIG,
        ARG_PROFILES,
        ARG_DAEMON_ARG,
        ARG_DAEMON,
        ARG_HELPERS,
        ARG_NO_DAEMON,
        ARG_NO_CAGE,
        ARG_POLKIT,
        ARG_VALGRIND,
        ARG_QUIET
};

static const struct option options[] = {
        { "state", required_argument, NULL, ARG_STATE },
        { "phone", required_argument, NULL, ARG_PHONE },
        { "backend", required_argument, NULL, ARG_BACKEND },
        { "plugged", no_argument, NULL, ARG_PLUGGED },
        { "strict", no_argument, NULL, ARG_STRICT },
        { "import-agent", no_argument, NULL, ARG_AGENT },
        { "config", required_argument, NULL, ARG_CONFIG },
        { "profile-directory", required_argument, NULL, ARG_PROFILES },
        { "daemon-arg", required_argument, NULL, ARG_DAEMON_ARG },
        { "daemon", required_argument, NULL, ARG_DAEMON },
        { "helpers", required_argument, NULL, ARG_HELPERS },
        { "no-daemon", no_argument, NULL, ARG_NO_DAEMON },
        { "no-cage", no_argument, NULL, ARG_NO_CAGE },
        { "polkit", no_argument, NULL, ARG_POLKIT },
        { "valgrind", no_argument, NULL, ARG_VALGRIND },
        { "quiet", no_argument, NULL, ARG_QUIET },
        { "help", no_argument, NULL, 'h' },
        {},
};

static int parse(int argc, char **argv, Station *s)
{
        int c;
        while ((c = getopt_long(argc, argv, "+h", options, NULL)) >= 0)
                switch (c) {
                case ARG_STATE: s->state = optarg; break;
                case ARG_PHONE:
                case ARG_BACKEND:
                        if (add_phone(s, optarg, c == ARG_BACKEND) < 0) {
                                fprintf(stderr, "station: bad phone %s\n", optarg);
                                return -EINVAL;
                        }
                        break;
                case ARG_PLUGGED: s->plugged = true; break;
                case ARG_STRICT: s->strict = true; break;
                case ARG_AGENT: s->import_agent = true; break;
                case ARG_CONFIG: s->config = optarg; break;
                case ARG_PROFILES:
                        if (s->n_profile_dirs == ELEMENTS(s->profile_dirs))
                                return -EINVAL;
                        s->profile_dirs[s->n_profile_dirs++] = optarg;
                        break;
                case ARG_DAEMON_ARG:
                        if (s->n_daemon_args == STATION_ARGS_MAX)
                                return -EINVAL;
                        s->daemon_args[s->n_daemon_args++] = optarg;
                        break;
                case ARG_DAEMON: s->daemon = optarg; break;
                case ARG_HELPERS: s->helpers = optarg; break;
                case ARG_NO_DAEMON: s->no_daemon = true; break;
                case ARG_NO_CAGE: s->no_cage = true; break;
                case ARG_POLKIT: s->polkit = true; break;
                case ARG_VALGRIND: s->valgrind = true; break;
                case ARG_QUIET: s->quiet = true; break;
                case 'h': exit(usage(stdout, 0));
                default: return -EINVAL;
                }
        s->command = argv + optind;
        s->valgrind |= getenv("STATION_VALGRIND") != NULL;
        if (!s->state || optind == argc) {
                fprintf(stderr, "station: --state DIR and a command are needed; --help\n");
                return -EINVAL;
        }
        return s->n_phones ? 0 : add_phone(s, "mt6765", false);
}

int main(int argc, char **argv)
{
        static Station station;
        if (parse(argc, argv, &station) < 0)
                return 2;
        if (!run_dir_inside())
                return run_dir_around(argv);
        return run(&station);
}
