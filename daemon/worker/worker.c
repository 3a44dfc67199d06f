/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/worker/worker.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "basic/cage.h"
#include "basic/clock.h"
#include "basic/digest.h"
#include "basic/fd.h"
#include "daemon/worker/control.h"
#include "daemon/worker/facts.h"
#include "daemon/worker/job.h"
#include "protocol/boot-protection.h"
#include "protocol/da-families.h"
#include "protocol/fault.h"
#include "transport/stream.h"
#include "transport/usb.h"

enum {
        WORKER_LEAVE_MS = 3000,                /* from the last word to the phone's disappearance */
        WORKER_REPLUG_MS = 15000,              /* until a phone that changes its speed is back */
        PRELOADER_FILE_MAX = 16 * 1024 * 1024, /* a preloader, or the boot area it lies in */
};

/* How far the phone has come, and so how it can be let go. */
typedef enum Stage {
        STAGE_SILENT, /* nothing was said, or it did not answer */
        STAGE_LOADER, /* in the command loop of its loader */
        STAGE_AGENT,  /* the agent runs */
} Stage;

typedef struct Worker {
        const WorkerOptions *options;
        Control control;
        UsbContext *usb;
        Transport *transport;
        Stage stage;
        Facts facts;
        DaAgent *agent;
        char *preloader; /* file with the memory settings of the phone's board */
        DramSettings dram;
        DaSession *session;
        const char *phase;
        Failure failure;
} Worker;

static void enter_phase(Worker *w, const char *phase)
{
        w->phase = phase;
        control_phase(&w->control, phase);
}

/* ---- opening ---- */

static int enter_cage(Worker *w)
{
        int r;

        if (!w->options->cage)
                return 0;
        r = cage_enter(CAGE_WORKER, -1);
        if (r >= 0)
                return 0;
        if (!w->options->cage_required) {
                control_log(&w->control, LOG_WARNING, "Working without a cage: %s.", strerror(-r));
                return 0;
        }
        failure_set(&w->failure, r, ERROR_NO_CAGE,
                "The program that talks to phones could not lock itself in: %s.", strerror(-r));
        failure_hint(&w->failure,
                "Use a kernel with Landlock (5.19 or newer) and seccomp, or say "
                "\"cage: optional\" in mtkbackupd.yaml.");
        return r;
}

/* Takes the descriptor, also on failure. */
static int open_transport(Worker *w, int fd)
{
        struct stat st;
        int r;

        if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
                r = stream_new(fd, &w->transport);
        else
                r = usb_new(w->usb, fd, &w->transport);
        switch (r) {
        case 0: control_attach(&w->control, w->transport); return 0;
        case -EBUSY:
                failure_set(&w->failure, r, ERROR_DEVICE_BUSY,
                        "Another program has the phone's USB interface.");
                failure_hint(&w->failure,
                        "Close it (another flash tool, ModemManager, a serial terminal) and plug "
                        "the phone in again.");
                return r;
        case -EPROTO:
                return failure_set(&w->failure, r, ERROR_PROTOCOL_VIOLATION,
                        "The phone's USB descriptors make no sense.");
        default: return fault_link(&w->failure, r, "its USB interface was being opened");
        }
}

/* Everything that needs a file comes before the cage, every byte from the phone behind it. */
static int open_all(Worker *w)
{
        Message m;
        int r;

        enter_phase(w, "connect");
        r = digest_init();
        if (r >= 0)
                r = usb_context_new(&w->usb);
        if (r < 0)
                return failure_set(&w->failure, r, ERROR_FAILED,
                        "A library could not be set up: %s.", strerror(-r));
        r = enter_cage(w);
        if (r >= 0)
                r = open_transport(w, w->options->phone);
        if (r < 0)
                return r;
        message_start(&m, VERB_READY);
        control_send(&w->control, &m);
        return 0;
}

/* ---- steps ---- */

static int identify(Worker *w)
{
        Message m;
        int r;

        enter_phase(w, "handshake");
        r = handshake(w->transport, w->options->handshake_ms, &w->failure);
        if (r < 0)
                return r;
        w->stage = STAGE_LOADER;
        enter_phase(w, "identify");
        r = boot_identify(w->transport, &w->facts.identity, &w->failure);
        if (r < 0)
                return r;
        w->facts.chip = chip_by_code(w->facts.identity.hw_code);
        /* boot ROM would be reset by its watchdog; a preloader keeps it quiet itself, but not for
         * the agent. Some phones refuse, and work all the same. */
        r = boot_watchdog_off(w->transport, w->facts.chip, NULL);
        if (r < 0 && r != -EACCES)
                return fault_link(&w->failure, r, "its watchdog was being switched off");
        if (r == -EACCES)
                control_log(&w->control, LOG_NOTICE, "The phone refused to stop its watchdog.");
        facts_identity(&m, &w->facts);
        control_send(&w->control, &m);
        return 0;
}

/* Waits for an order of this type. 1 it is in control.order; 0 an end is wanted; or an error. */
static int wait_order(Worker *w, const char *type)
{
        int r;

        for (;;) {
                if (w->control.finish)
                        return 0;
                if (w->control.has_order) {
                        if (message_is(&w->control.order, type))
                                return 1;
                        message_done(&w->control.order);
                        w->control.has_order = false;
                }
                r = control_wait(&w->control, w->transport);
                if (r == -EPROTO)
                        return fault_protocol(&w->failure, "The phone talks without being asked.");
                if (r < 0)
                        return fault_link(&w->failure, r, "waiting for the next step");
        }
}

static void order_done(Worker *w)
{
        message_done(&w->control.order);
        w->control.has_order = false;
}

/* What may stand in the way of what comes now. */
static void tell_protection(Worker *w)
{
        char text[BOOT_PROTECTION_MAX];

        boot_protection(w->facts.identity.target_config, text);
        if (text[0])
                control_log(
                        &w->control, LOG_NOTICE, "The phone says that it is protected: %s.", text);
}

/* A person's word about a chip that nobody knows. */
static void take_chip(Worker *w)
{
        const char *name = message_text(&w->control.order, "CHIP");

        if (w->facts.chip || !*name)
                return;
        w->facts.chip = chip_by_name(name);
        if (w->facts.chip)
                control_log(&w->control, LOG_NOTICE,
                        "The chip %04X is not known; it is tried as %s, as was asked for.",
                        w->facts.identity.hw_code, w->facts.chip->name);
}

static int no_agent(Worker *w)
{
        failure_set(&w->failure, -ENOENT, ERROR_NO_DOWNLOAD_AGENT,
                "There is no download agent for %s (agent code %04X).",
                w->facts.chip ? w->facts.chip->name : "this chip",
                w->facts.chip ? w->facts.chip->da_code : w->facts.identity.hw_code);
        failure_hint(&w->failure, "Import one: mtkbackupctl agents import FILE.");
        return -ENOENT;
}

/* Asks the daemon for the agent file and takes what it needs out of it. 1, 0 an end is wanted. */
static int load_agent(Worker *w)
{
        _cleanup_close_ int fd = -1;
        Message m;
        int r;

        facts_need_agent(&m, &w->facts, "agent");
        control_send(&w->control, &m);
        r = wait_order(w, VERB_AGENT);
        if (r <= 0)
                return r;
        fd = message_take_fd(&w->control.order, 0);
        snprintf(w->facts.agent_name, sizeof(w->facts.agent_name), "%s",
                message_text(&w->control.order, "NAME"));
        snprintf(w->facts.agent_sha256, sizeof(w->facts.agent_sha256), "%s",
                message_text(&w->control.order, "SHA256"));
        order_done(w);
        if (fd < 0)
                return no_agent(w);
        r = da_agent_load(fd, w->facts.chip, w->facts.identity.hw_code, w->facts.identity.hw_ver,
                w->facts.identity.sw_ver, &w->agent, &w->failure);
        if (r < 0)
                return r;
        snprintf(w->facts.agent_version, sizeof(w->facts.agent_version), "%s",
                w->agent->description);
        if (w->agent->guess)
                control_log(&w->control, LOG_WARNING,
                        "The download agent is made for another version of the chip.");
        if (!w->agent->paired)
                control_log(&w->control, LOG_WARNING,
                        "The two stages of the download agent do not seem to belong together; the "
                        "file may be damaged.");
        return 1;
}

/* A phone in boot ROM mode has no memory yet; most agents want to be told how to set it up. What is
 * missing is said by the session. 1, 0 an end is wanted. */
static int load_memory_settings(Worker *w)
{
        _cleanup_close_ int fd = -1;
        size_t size;
        Message m;
        int r;

        if (w->facts.identity.mode != BOOT_BROM || w->agent->family == DA_XML)
                return 1;
        facts_need_agent(&m, &w->facts, "preloader");
        control_send(&w->control, &m);
        r = wait_order(w, VERB_AGENT);
        if (r <= 0)
                return r;
        fd = message_take_fd(&w->control.order, 0);
        order_done(w);
        if (fd < 0)
                return 1;
        r = fd_read_all(fd, PRELOADER_FILE_MAX, &w->preloader, &size);
        if (r < 0 || dram_find(w->preloader, size, &w->dram) < 0)
                control_log(&w->control, LOG_WARNING,
                        "The preloader file holds no memory settings; it is not used.");
        return 1;
}

/* The phone leaves the bus to come back faster; the daemon sees it first. */
static int find_again(void *userdata, Transport **ret, Failure *f)
{
        Worker *w = userdata;
        Control *c = &w->control;
        uint64_t deadline = deadline_after_ms(WORKER_REPLUG_MS);
        int fd = -1, r;
        Message m;

        message_start(&m, VERB_NEED_REPLUG);
        message_add(&m, "TEXT", "");
        control_send(c, &m);
        while (!c->finish && clock_usec() < deadline &&
                !(c->has_order && message_is(&c->order, VERB_REPLUG)))
                (void)control_sleep(c);
        if (c->has_order && message_is(&c->order, VERB_REPLUG)) {
                fd = message_take_fd(&c->order, 0);
                order_done(w);
        }
        w->transport = transport_free(w->transport);
        *ret = NULL;
        if (fd < 0)
                return c->finish ? fault_link(f, -ECANCELED, "it changed its USB speed")
                                 : fault_link(f, -ENODEV, "it changed its USB speed");
        r = open_transport(w, fd);
        *ret = w->transport;
        return r;
}

static int start_agent(Worker *w)
{
        const DaTarget target = {
                .identity = &w->facts.identity,
                .chip = w->facts.chip,
                .agent = w->agent,
                .dram = w->dram.block ? &w->dram : NULL,
                .replug = find_again,
                .userdata = w,
        };
        int r;

        if (w->agent->family == _DA_FAMILY_MAX)
                control_log(&w->control, LOG_NOTICE,
                        "Nothing tells which protocol the download agent of this chip speaks; it "
                        "is started and listened to.");
        r = da_session_new(w->transport, &target, &w->session, &w->failure);
        if (r >= 0)
                w->facts.protocol = w->session->ops->name;
        if (r >= 0)
                r = da_session_start(w->session, &w->failure);
        if (w->session && w->session->running)
                w->stage = STAGE_AGENT;
        return r;
}

static int explore(Worker *w)
{
        Message m;
        int r;

        enter_phase(w, "storage");
        r = da_session_info(w->session, &w->failure);
        w->facts.storage = w->session->storage;
        if (r >= 0)
                r = phone_table_read(w->session, &w->facts.table, &w->failure);
        if (r < 0)
                return r;
        facts_storage(&m, &w->facts);
        control_send(&w->control, &m);
        for (size_t i = 0; i < w->facts.storage.n_regions; i++) {
                facts_region(&m, &w->facts, &w->facts.storage.regions[i]);
                control_send(&w->control, &m);
        }
        return 0;
}

/* Serves one job after the other until an end is wanted. */
static int serve_jobs(Worker *w)
{
        Message m;
        Job job;
        int r;

        for (;;) {
                enter_phase(w, "idle");
                message_start(&m, VERB_IDLE);
                control_send(&w->control, &m);
                r = wait_order(w, VERB_JOB);
                if (r <= 0)
                        return r;
                r = job_open(&job, &w->control, &w->control.order);
                order_done(w);
                if (r >= 0) {
                        enter_phase(w, "reading");
                        r = job_run(&job, w->session, &w->facts, &w->failure);
                } else {
                        control_log(&w->control, LOG_ERR, "A job could not be taken: %s.",
                                strerror(-r));
                        r = 0;
                }
                job_close(&job);
                if (r < 0)
                        return r == -ECANCELED && w->control.finish ? 0 : r;
        }
}

/* ---- letting go ---- */

/* Waits until the phone has left the bus. */
static bool wait_gone(Worker *w)
{
        uint64_t deadline = deadline_after_ms(WORKER_LEAVE_MS);
        int r = 0;

        while (r != -ENODEV && r != -EIO && clock_usec() < deadline) {
                r = transport_fill(w->transport, deadline_left_ms(deadline));
                if (r > 0)
                        transport_consume(w->transport, transport_peek(w->transport).iov_len);
        }
        return r == -ENODEV;
}

static bool is_gone(Worker *w)
{
        int r = 1;

        for (size_t taken = 0; r > 0 && taken <= CONTROL_STRAY_MAX;) {
                r = transport_fill(w->transport, 0);
                if (r > 0) {
                        taken += transport_peek(w->transport).iov_len;
                        transport_consume(w->transport, transport_peek(w->transport).iov_len);
                }
        }
        return r == -ENODEV;
}

static const char *leave_loader(Worker *w)
{
        if (boot_release(w->transport, w->facts.chip, NULL) < 0)
                return is_gone(w) ? "gone" : "stuck";
        wait_gone(w);
        return "released";
}

static const char *leave_agent(Worker *w)
{
        DaFinish how = w->control.power_off ? DA_FINISH_OFF : DA_FINISH_REBOOT;

        if (da_session_finish(w->session, how, NULL) < 0)
                return is_gone(w) ? "gone" : "stuck";
        wait_gone(w);
        return how == DA_FINISH_OFF ? "off" : "rebooted";
}

/* Lets the phone go as well as its state allows; how it was left. */
static const char *let_go(Worker *w)
{
        if (!w->transport)
                return w->failure.id == ERROR_DEVICE_GONE || w->stage == STAGE_AGENT ? "gone"
                                                                                     : "released";
        if (is_gone(w))
                return "gone";
        switch (w->stage) {
        case STAGE_LOADER: return leave_loader(w);
        case STAGE_AGENT: return leave_agent(w);
        default: return "stuck";
        }
}

static void finish(Worker *w, int r)
{
        const char *left;
        Message m;

        w->control.letting_go = true;
        if (r < 0 && !failure_is_set(&w->failure))
                failure_set(&w->failure, r, r == -ECANCELED ? ERROR_CANCELED : ERROR_FAILED,
                        r == -ECANCELED ? "Canceled." : "%s.", strerror(-r));
        if (failure_is_set(&w->failure)) {
                failure_phase(&w->failure, w->phase);
                message_start(&m, VERB_FAIL);
                message_add_failure(&m, &w->failure);
                control_send(&w->control, &m);
        } else {
                enter_phase(w, "finish");
        }
        left = let_go(w);
        if (strcmp(left, "stuck") == 0) {
                message_start(&m, VERB_ACTION);
                message_add(
                        &m, "TEXT", "Disconnect the phone and hold its power key for ten seconds.");
                control_send(&w->control, &m);
        }
        message_start(&m, VERB_DONE);
        message_add(&m, "LEFT", left);
        control_send(&w->control, &m);
}

static int session(Worker *w)
{
        int r;

        r = open_all(w);
        if (r >= 0)
                r = identify(w);
        if (r >= 0)
                r = wait_order(w, VERB_CONNECT);
        if (r <= 0)
                return r;
        take_chip(w);
        order_done(w);
        tell_protection(w);
        enter_phase(w, "agent");
        r = load_agent(w);
        if (r > 0)
                r = load_memory_settings(w);
        if (r <= 0)
                return r;
        r = start_agent(w);
        if (r >= 0)
                r = explore(w);
        return r < 0 ? r : serve_jobs(w);
}

int worker_run(const WorkerOptions *o)
{
        Worker w = { .options = o, .phase = "connect" };
        int r;

        r = control_open(&w.control, o->control);
        if (r < 0)
                return EXIT_FAILURE;
        r = session(&w);
        finish(&w, r);

        phone_table_done(&w.facts.table);
        da_session_free(w.session);
        da_agent_free(w.agent);
        free(w.preloader);
        transport_free(w.transport);
        usb_context_free(w.usb);
        control_close(&w.control);
        return EXIT_SUCCESS;
}
