/* SPDX-License-Identifier: GPL-3.0-or-later */

/* phone: serves the simulated phone to an external host program. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "chips.h"
#include "front-stream.h"

static void usage(FILE *f)
{
        fprintf(f,
                "phone --chip NAME --flash DIR --listen SOCKET [OPTION...]\n"
                "A simulated phone behind a SEQPACKET socket.\n\n"
                "  --chip NAME      what it is; --list shows the names\n"
                "  --flash DIR      user.img boot1.img … (UFS: lu0.img lu1.img lu2.img)\n"
                "  --listen SOCKET  where it waits for its host\n"
                "  --strict         a breach of the protocol by the host ends it with exit code 3\n"
                "  --keep           what runs on the phone outlives a connection\n"
                "  --once           ends after the first connection\n"
                "  --set KEY=VALUE  a variation, see below; may be repeated\n"
                "  --fault F        the same as --set fault=F\n"
                "  --log FILE       events, breaches (default: standard error)\n"
                "  --trace          every step of the protocol goes there, too\n"
                "  --list           the chips\n\n");
        config_help(f);
}

typedef struct Arguments {
        const char *chip, *flash, *listen, *log;
        bool strict, keep, once, trace;
        const char *words[64];
        size_t n_words;
        char faults[FAULTS_MAX][160];
        size_t n_faults;
} Arguments;

enum {
        ARG_CHIP = 256,
        ARG_FLASH,
        ARG_LISTEN,
        ARG_STRICT,
        ARG_KEEP,
        ARG_ONCE,
        ARG_SET,
        ARG_FAULT,
        ARG_LOG,
        ARG_TRACE,
        ARG_LIST,
        ARG_HELP
};

static const struct option options[] = {
        { "chip", required_argument, NULL, ARG_CHIP },
        { "flash", required_argument, NULL, ARG_FLASH },
        { "listen", required_argument, NULL, ARG_LISTEN },
        { "strict", no_argument, NULL, ARG_STRICT },
        { "keep", no_argument, NULL, ARG_KEEP },
        { "once", no_argument, NULL, ARG_ONCE },
        { "set", required_argument, NULL, ARG_SET },
        { "fault", required_argument, NULL, ARG_FAULT },
        { "log", required_argument, NULL, ARG_LOG },
        { "trace", no_argument, NULL, ARG_TRACE },
        { "list", no_argument, NULL, ARG_LIST },
        { "help", no_argument, NULL, ARG_HELP },
        {},
};

static int parse(int argc, char **argv, Arguments *a)
{
        int c;
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case ARG_CHIP: a->chip = optarg; break;
                case ARG_FLASH: a->flash = optarg; break;
                case ARG_LISTEN: a->listen = optarg; break;
                case ARG_STRICT: a->strict = true; break;
                case ARG_KEEP: a->keep = true; break;
                case ARG_ONCE: a->once = true; break;
                case ARG_LOG: a->log = optarg; break;
                case ARG_TRACE: a->trace = true; break;
                case ARG_FAULT:
                case ARG_SET:
                        if (a->n_words == ELEMENTS(a->words) || a->n_faults == FAULTS_MAX)
                                return -EINVAL;
                        if (c == ARG_FAULT) {
                                snprintf(a->faults[a->n_faults], sizeof(a->faults[0]), "fault=%s",
                                        optarg);
                                a->words[a->n_words++] = a->faults[a->n_faults++];
                        } else
                                a->words[a->n_words++] = optarg;
                        break;
                case ARG_LIST: personality_list(stdout); exit(0);
                case 'h':
                case ARG_HELP: usage(stdout); exit(0);
                default: return -EINVAL;
                }
        return a->chip && a->flash && a->listen && optind == argc ? 0 : -EINVAL;
}

static int configure(const Arguments *a, PhoneConfig *c)
{
        int r = config_init(c, a->chip);
        if (r < 0) {
                fprintf(stderr, "phone: no chip %s; known:\n", a->chip);
                personality_list(stderr);
                return r;
        }
        for (size_t i = 0; i < a->n_words; i++) {
                r = config_set(c, a->words[i]);
                if (r < 0)
                        return r;
        }
        snprintf(c->flash, sizeof(c->flash), "%s", a->flash);
        snprintf(c->log, sizeof(c->log), "%s", a->log ?: "");
        c->strict |= a->strict;
        c->trace |= a->trace;
        return 0;
}

int main(int argc, char **argv)
{
        Arguments a = {};
        PhoneConfig config;
        sigset_t set;
        _cleanup_(model_freep) Model *model = NULL;
        if (parse(argc, argv, &a) < 0) {
                fprintf(stderr, "phone: --help tells how\n");
                return 2;
        }
        if (configure(&a, &config) < 0 || model_new(&config, &model) < 0)
                return 2;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        _cleanup_close_ int stop = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        _cleanup_close_ int fd = stream_listen(a.listen);
        if (fd < 0) {
                fprintf(stderr, "phone: %s: %s\n", a.listen, strerror(-fd));
                return 1;
        }
        StreamFront front = {
                .model = model, .listen_fd = fd, .stop_fd = stop, .keep = a.keep, .once = a.once
        };
        int r = stream_serve(&front, config.strict);
        unlink(a.listen);
        if (r < 0)
                fprintf(stderr, "phone: %s\n", strerror(-r));
        return r < 0 ? 1 : r ? 3 : 0;
}
