/* SPDX-License-Identifier: GPL-3.0-or-later */

/* plug: shows an external device model to a program as a USB device that comes and goes. */

#include <errno.h>
#include <getopt.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "basic/cleanup.h"
#include "phone-spec.h"
#include "run-dir.h"
#include "usb-bus.h"

typedef struct Plug {
        GMainLoop *loop;
        UsbBus *bus;
        UsbPort *port;
        int code;
} Plug;

static int usage(FILE *f, int code)
{
        fprintf(f,
                "plug --backend SOCKET [--id 0e8d:2000] -- COMMAND...\n"
                "plug --phone PHONE -- COMMAND...\n"
                "Runs COMMAND with the device behind the SEQPACKET socket as a hot-plugged USB\n"
                "device: its closing is the unplug, a new connection the next plug-in. Or with a\n"
                "simulated phone of its own.\n\n"
                "  --id VENDOR:PRODUCT  what it is shown as (0e8d:2000)\n"
                "  --no-driver          cdc_acm does not bind to it\n\n");
        phone_spec_help(f);
        return code;
}

static void on_exit_of_command(GPid pid, int status, gpointer userdata)
{
        Plug *p = userdata;
        p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        g_main_loop_quit(p->loop);
}

static gboolean on_signal(gpointer userdata)
{
        Plug *p = userdata;
        p->code = 130;
        g_main_loop_quit(p->loop);
        return G_SOURCE_REMOVE;
}

static gboolean on_start(gpointer userdata)
{
        Plug *p = userdata;
        port_plug(p->port, 0);
        return G_SOURCE_REMOVE;
}

static int make_device(
        const char *backend, uint16_t vendor, uint16_t product, PhoneSpec *phone, Device **ret)
{
        char dir[300];
        if (backend)
                return device_of_socket(backend, vendor, product, MODEL_NEVER, ret);
        snprintf(dir, sizeof(dir), "%s/flash", run_dir());
        int r = phone_spec_make_flash(phone, dir);
        return r < 0 ? r : device_of_phone(&phone->config, ret);
}

static int run(const char *backend, uint16_t vendor, uint16_t product, PhoneSpec *phone,
        bool driver, char **command)
{
        Plug p = { .code = 1 };
        Device *device;
        pid_t pid;
        int r = bus_new(&p.bus);
        if (r < 0)
                return 1;
        r = make_device(backend, vendor, product, phone, &device);
        if (r >= 0)
                r = bus_add_port(p.bus, 1, device,
                        !driver           ? 0
                                : backend ? 40
                                          : phone->config.cdc_acm_ms,
                        stderr, &p.port);
        if (r < 0) {
                fprintf(stderr, "plug: %s\n", strerror(-r));
                bus_free(p.bus);
                return 1;
        }
        if (!backend)
                port_set_faults(p.port, phone->port_faults);
        p.loop = g_main_loop_new(NULL, FALSE);
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                execvp(command[0], command);
                fprintf(stderr, "plug: %s: %s\n", command[0], strerror(errno));
                _exit(127);
        }
        g_child_watch_add(pid, on_exit_of_command, &p);
        g_unix_signal_add(SIGTERM, on_signal, &p);
        g_unix_signal_add(SIGINT, on_signal, &p);
        g_idle_add(on_start, &p);
        g_main_loop_run(p.loop);
        if (p.code == 130)
                kill(pid, SIGTERM);
        g_main_loop_unref(p.loop);
        if (!backend && phone->config.strict && port_breaches(p.port) && !p.code)
                p.code = 3;
        bus_free(p.bus);
        return p.code;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "backend", required_argument, NULL, 'b' },
                { "phone", required_argument, NULL, 'p' },
                { "id", required_argument, NULL, 'i' },
                { "no-driver", no_argument, NULL, 'n' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        const char *backend = NULL, *phone = NULL;
        PhoneSpec spec;
        unsigned vendor = 0x0e8d, product = 0x2000;
        bool driver = true;
        int c;
        while ((c = getopt_long(argc, argv, "+h", options, NULL)) >= 0)
                switch (c) {
                case 'b': backend = optarg; break;
                case 'p': phone = optarg; break;
                case 'i':
                        if (sscanf(optarg, "%4x:%4x", &vendor, &product) != 2)
                                return usage(stderr, 2);
                        break;
                case 'n': driver = false; break;
                case 'h': return usage(stdout, 0);
                default: return 2;
                }
        if (!backend == !phone || optind == argc)
                return usage(stderr, 2);
        if (phone && phone_spec_parse(phone, &spec) < 0)
                return 2;
        if (!run_dir_inside())
                return run_dir_around(argv);
        return run(backend, (uint16_t)vendor, (uint16_t)product, &spec, driver, argv + optind);
}
