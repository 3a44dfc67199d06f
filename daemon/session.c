/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/session.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/text.h"
#include "wire/verbs.h"

/* How long a worker may take to leave the phone well once it has failed or was told to: a reset
 * through the agent and the device's own farewell, with a margin. */
enum { LEAVE_USEC = 15 * 1000 * 1000 };
/* From the end of a job's data channel to IDLE: one packet of a slow phone and the cancel dialogue. */
enum { READY_USEC = 20 * 1000 * 1000 };
/* From the unplug to the worker's end: it sees that by itself, as soon as a busy machine lets it. */
enum { UNPLUGGED_USEC = 15 * 1000 * 1000 };
/* From NEED_REPLUG to the new node; the worker itself waits for less. */
enum { REPLUG_USEC = 20 * 1000 * 1000 };

bool session_is_leaving(const Session *s)
{
        return s->state >= SESSION_LEAVING;
}

static void leaving(Session *s)
{
        if (s->state < SESSION_LEAVING)
                helper_stop_after(s->helper, LEAVE_USEC);
        s->state = SESSION_LEAVING;
}

/* ---- what a worker says ---- */

static void on_phase(Session *s, const Message *m)
{
        text_copy(s->phase, sizeof s->phase, message_text(m, "PHASE"));
        s->events->changed(s->userdata, s);
}

static void on_action(Session *s, const Message *m)
{
        text_copy(s->action, sizeof s->action, message_text(m, "TEXT"));
        s->events->changed(s->userdata, s);
}

static void on_log(Session *s, const Message *m)
{
        char text[FAILURE_TEXT_MAX];
        uint64_t level;

        if (message_get_u64(m, "LEVEL", LOG_DEBUG, &level) < 0)
                level = LOG_INFO;
        text_copy(text, sizeof text, message_text(m, "TEXT"));
        s->events->log(s->userdata, s, (unsigned)level, text);
}

static void breach(Session *s, const Message *m)
{
        log_error("port %s: the worker sent %s out of turn or with a wrong value", s->port,
                message_type(m));
        failure_set(&s->failure, 0, ERROR_WORKER_CRASHED,
                "The process that talks to the phone broke its own rules (%s).", message_type(m));
        session_abort(s);
}

static void on_identity(Session *s, const Message *m)
{
        if (session_is_leaving(s))
                return;
        if (s->state != SESSION_CONNECTING || phone_take(&s->phone, m) < 0) {
                breach(s, m);
                return;
        }
        s->state = SESSION_IDENTIFIED;
        s->events->identified(s->userdata, s);
}

static void on_need_agent(Session *s, const Message *m)
{
        if (session_is_leaving(s))
                return;
        if (s->state != SESSION_PREPARING) {
                breach(s, m);
                return;
        }
        s->events->need_agent(s->userdata, s, m);
}

/* The worker speaks of the storage between CONNECT and its first IDLE. */
static void on_storage(Session *s, const Message *m)
{
        if (session_is_leaving(s))
                return;
        if (s->state != SESSION_PREPARING || phone_take(&s->phone, m) < 0)
                breach(s, m);
}

/* Only an agent that is being started changes its speed. */
static void on_need_replug(Session *s, const Message *m)
{
        if (session_is_leaving(s))
                return;
        if (s->state != SESSION_PREPARING || s->replugging) {
                breach(s, m);
                return;
        }
        s->replugging = true;
        helper_stop_after(s->helper, REPLUG_USEC);
        on_action(s, m);
        s->events->replugging(s->userdata, s);
}

static void on_idle(Session *s, const Message *m)
{
        if (session_is_leaving(s))
                return;
        if (s->state != SESSION_PREPARING && s->state != SESSION_BUSY) {
                breach(s, m);
                return;
        }
        s->state = SESSION_READY;
        helper_stop_never(s->helper);
        s->events->ready(s->userdata, s);
}

static void on_fail(Session *s, const Message *m)
{
        Failure f;

        message_get_failure(m, &f);
        if (!failure_is_set(&f))
                f.id = ERROR_FAILED;
        if (f.text[0] == 0)
                snprintf(f.text, sizeof f.text, "The worker failed without saying why.");
        text_clean(f.phase);
        text_clean(f.text);
        text_clean(f.hint);
        if (!failure_is_set(&s->failure))
                s->failure = f;
        leaving(s);
        s->events->failed(s->userdata, s);
}

static void on_done(Session *s, const Message *m)
{
        text_copy(s->left, sizeof s->left, message_text(m, "LEFT"));
        leaving(s);
}

static void on_nothing(Session *s, const Message *m)
{
}

static void on_message(void *userdata, Message *m)
{
        static const struct {
                const char *type;
                void (*take)(Session *s, const Message *m);
        } types[] = {
                { VERB_READY, on_nothing },
                { VERB_ALIVE, on_nothing },
                { VERB_PHASE, on_phase },
                { VERB_IDENTITY, on_identity },
                { VERB_NEED_AGENT, on_need_agent },
                { VERB_NEED_REPLUG, on_need_replug },
                { VERB_STORAGE, on_storage },
                { VERB_REGION, on_storage },
                { VERB_IDLE, on_idle },
                { VERB_ACTION, on_action },
                { VERB_LOG, on_log },
                { VERB_FAIL, on_fail },
                { VERB_DONE, on_done },
        };
        Session *s = userdata;

        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (message_is(m, types[i].type)) {
                        types[i].take(s, m);
                        return;
                }
        /* a newer worker may know more */
        log_debug("port %s: unknown message %s of the worker", s->port, message_type(m));
}

static void on_exited(void *userdata, const char *how)
{
        Session *s = userdata;
        bool told = s->left[0] || failure_is_set(&s->failure);

        if (!told) {
                if (how[0])
                        failure_set(&s->failure, 0, ERROR_WORKER_CRASHED,
                                "The process that talks to the phone %s.", how);
                else
                        failure_set(&s->failure, 0, ERROR_WORKER_CRASHED,
                                "The process that talks to the phone ended without a word.");
                failure_hint(&s->failure,
                        "Hold the phone's power button for ten seconds to restart it.");
                failure_phase(&s->failure, s->phase);
                log_error("port %s: %s", s->port, s->failure.text);
        }
        s->state = SESSION_OVER;
        s->events->over(s->userdata, s);
}

/* ---- what it is told ---- */

static void tell(Session *s, const Message *m)
{
        /* when it does not arrive the process has ended or is being ended, and `over` follows */
        (void)helper_send(s->helper, m);
}

void session_connect(Session *s, const char *chip)
{
        Message m;

        assert(s->state == SESSION_IDENTIFIED);
        message_start(&m, VERB_CONNECT);
        if (chip[0])
                message_add(&m, "CHIP", chip);
        s->state = SESSION_PREPARING;
        tell(s, &m);
}

void session_agent(Session *s, int fd, const char *name, const char *sha256)
{
        Message m;

        message_start(&m, VERB_AGENT);
        if (fd >= 0) {
                message_add_fd(&m, fd);
                message_add(&m, "NAME", name);
                message_add(&m, "SHA256", sha256);
                snprintf(s->phone.agent_name, sizeof s->phone.agent_name, "%s", name);
                snprintf(s->phone.agent_sha256, sizeof s->phone.agent_sha256, "%s", sha256);
        }
        tell(s, &m);
}

void session_preloader(Session *s, int fd)
{
        Message m;

        message_start(&m, VERB_AGENT);
        message_add(&m, "KIND", "preloader");
        if (fd >= 0)
                message_add_fd(&m, fd);
        tell(s, &m);
}

int session_job(Session *s, uint32_t id, int data, int ring)
{
        Message m;
        int r;

        assert(s->state == SESSION_READY);
        message_start(&m, VERB_JOB);
        message_add_u64(&m, "JOB", id);
        message_add_fd(&m, data);
        message_add_fd(&m, ring);
        r = helper_send(s->helper, &m);
        if (r == 0)
                s->state = SESSION_BUSY;
        return r;
}

void session_replug(Session *s, int node)
{
        Message m;

        assert(s->replugging);
        s->replugging = false;
        helper_stop_never(s->helper);
        message_start(&m, VERB_REPLUG);
        message_add_fd(&m, node);
        tell(s, &m);
}

bool session_leave(Session *s)
{
        Message m;

        if (session_is_leaving(s))
                return true;
        if (s->state == SESSION_PREPARING || s->state == SESSION_BUSY)
                return false;
        if (s->state == SESSION_READY) {
                message_start(&m, VERB_FINISH);
                message_add(&m, "ACTION", s->power_off ? "off" : "reboot");
        } else
                message_start(&m, VERB_RELEASE);
        leaving(s);
        tell(s, &m);
        return true;
}

void session_expect_ready(Session *s)
{
        if (s->state == SESSION_BUSY)
                helper_stop_after(s->helper, READY_USEC);
}

void session_unplugged(Session *s)
{
        if (s->state != SESSION_OVER && !s->replugging)
                helper_stop_after(s->helper, UNPLUGGED_USEC);
}

void session_abort(Session *s)
{
        if (s->state == SESSION_OVER)
                return;
        s->state = SESSION_LEAVING;
        helper_stop(s->helper);
}

/* ---- life ---- */

static const HelperOps helper_ops = { .message = on_message, .exited = on_exited };

int session_start(sd_event *event, const HelperSetup *setup, const char *port, int node,
        const SessionEvents *events, void *userdata, Session **ret)
{
        _cleanup_(session_freep) Session *s = calloc(1, sizeof *s);
        int r;

        if (!s)
                return -ENOMEM;
        s->events = events;
        s->userdata = userdata;
        snprintf(s->port, sizeof s->port, "%s", port);
        snprintf(s->phase, sizeof s->phase, "connect");
        r = helper_spawn(event, setup, HELPER_WORKER, node, &helper_ops, s, &s->helper);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

Session *session_free(Session *s)
{
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->hold);
        helper_free(s->helper);
        free(s);
        return NULL;
}
