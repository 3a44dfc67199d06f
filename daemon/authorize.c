/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/authorize.h"

#include <errno.h>
#include <string.h>

#include "basic/clock.h"
#include "basic/log.h"
#include "dbus/names.h"

/* An answer is used in the next turn of the loop. One that is not (the handler found another reason
 * to refuse) is forgotten after this. */
enum { ANSWER_KEEP_USEC = 10 * 1000 * 1000 };
/* polkit waits for a person */
enum { POLKIT_USEC = 300 * 1000 * 1000 };
enum { POLKIT_INTERACTIVE = 1 };

typedef enum Answer { ANSWER_PENDING, ANSWER_YES, ANSWER_NO } Answer;

/* One question of one message; without an action it is the one who its sender is. */
typedef struct Query {
        Authorize *authorize;
        sd_bus_message *message;
        sd_bus_slot *slot;
        sd_bus_slot *gone;  /* tells that the sender has left, while polkit thinks */
        const char *action; /* static text */
        uid_t uid;          /* asked about, or the answer */
        Answer answer;
        uint64_t answered_at;
        Failure failure;
} Query;

typedef struct Caller {
        char name[64];
        uid_t uid;
} Caller;

struct Authorize {
        sd_bus *bus; /* borrowed: goes after this */
        Query *queries[AUTHORIZE_PENDING_MAX];
        size_t n_queries;
        Caller callers[AUTHORIZE_CALLERS_MAX]; /* ring */
        size_t next_caller;
};

int authorize_new(sd_bus *bus, Authorize **ret)
{
        Authorize *a = calloc(1, sizeof *a);

        if (!a)
                return -ENOMEM;
        a->bus = bus;
        *ret = a;
        return 0;
}

static void query_free(Query *q)
{
        Authorize *a = q->authorize;

        for (size_t i = 0; i < a->n_queries; i++)
                if (a->queries[i] == q) {
                        a->queries[i] = a->queries[--a->n_queries];
                        break;
                }
        sd_bus_slot_unref(q->slot);
        sd_bus_slot_unref(q->gone);
        sd_bus_message_unref(q->message);
        free(q);
}

Authorize *authorize_free(Authorize *a)
{
        if (!a)
                return NULL;
        while (a->n_queries > 0)
                query_free(a->queries[0]);
        free(a);
        return NULL;
}

static Query *query_find(const Authorize *a, sd_bus_message *m, const char *action)
{
        for (size_t i = 0; i < a->n_queries; i++) {
                Query *q = a->queries[i];

                if (q->message == m &&
                        (action ? q->action && strcmp(q->action, action) == 0 : !q->action))
                        return q;
        }
        return NULL;
}

static int query_new(Authorize *a, sd_bus_message *m, const char *action, Query **ret)
{
        Query *q;

        for (size_t i = a->n_queries; i-- > 0;)
                if (a->queries[i]->answered_at > 0 &&
                        clock_usec() - a->queries[i]->answered_at > ANSWER_KEEP_USEC)
                        query_free(a->queries[i]);
        if (a->n_queries == AUTHORIZE_PENDING_MAX)
                return -EBUSY;
        q = calloc(1, sizeof *q);
        if (!q)
                return -ENOMEM;
        q->authorize = a;
        q->message = sd_bus_message_ref(m);
        q->action = action;
        a->queries[a->n_queries++] = q;
        *ret = q;
        return 0;
}

/* The message starts over, now that its answer is there. */
static int again(Query *q)
{
        int r = sd_bus_message_rewind(q->message, true);

        q->answered_at = clock_usec();
        if (r >= 0)
                r = sd_bus_enqueue_for_read(q->authorize->bus, q->message);
        if (r >= 0)
                return 0;
        (void)sd_bus_reply_method_errno(q->message, r, NULL);
        query_free(q);
        return 0;
}

/* ---- who ---- */

static const Caller *caller_find(const Authorize *a, const char *name)
{
        for (size_t i = 0; i < AUTHORIZE_CALLERS_MAX; i++)
                if (strcmp(a->callers[i].name, name) == 0)
                        return a->callers + i;
        return NULL;
}

static int on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        Query *q = userdata;
        Authorize *a = q->authorize;
        uint32_t uid;
        Caller *c;

        q->slot = sd_bus_slot_unref(q->slot);
        if (sd_bus_message_is_method_error(reply, NULL) ||
                sd_bus_message_read(reply, "u", &uid) < 0) {
                /* he has gone */
                query_free(q);
                return 0;
        }
        c = a->callers + a->next_caller;
        a->next_caller = (a->next_caller + 1) % AUTHORIZE_CALLERS_MAX;
        snprintf(c->name, sizeof c->name, "%s", sd_bus_message_get_sender(q->message));
        c->uid = uid;
        q->uid = c->uid;
        q->answer = ANSWER_YES;
        return again(q);
}

static int too_many(sd_bus_error *e, int error)
{
        if (error == -EBUSY)
                return sd_bus_error_set(
                        e, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many calls wait for an answer.");
        return error;
}

int authorize_caller(Authorize *a, sd_bus_message *m, uid_t *ret, sd_bus_error *e)
{
        const char *sender = sd_bus_message_get_sender(m);
        Query *q = query_find(a, m, NULL);
        const Caller *c;
        int r;

        if (!sender || strlen(sender) >= sizeof c->name)
                return sd_bus_error_set(e, SD_BUS_ERROR_ACCESS_DENIED, "The call has no sender.");
        if (q && q->answer == ANSWER_PENDING)
                return 0;
        if (q) {
                *ret = q->uid;
                query_free(q);
                return 1;
        }
        c = caller_find(a, sender);
        if (c) {
                *ret = c->uid;
                return 1;
        }
        r = query_new(a, m, NULL, &q);
        if (r < 0)
                return too_many(e, r);
        r = sd_bus_call_method_async(a->bus, &q->slot, "org.freedesktop.DBus",
                "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser", on_uid, q,
                "s", sender);
        if (r < 0) {
                query_free(q);
                return r;
        }
        return 0;
}

/* ---- what ---- */

static void deny(Query *q, const char *text, const char *hint)
{
        q->answer = ANSWER_NO;
        failure_set(&q->failure, 0, ERROR_NOT_AUTHORIZED, "%s", text);
        if (hint)
                failure_hint(&q->failure, "%s", hint);
}

static int on_polkit(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        Query *q = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int granted = false, challenge = false;

        q->slot = sd_bus_slot_unref(q->slot);
        q->gone = sd_bus_slot_unref(q->gone);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
                sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit"))
                deny(q, "polkit, which would decide about this, is not running.",
                        "Run the command as root, or install and start polkit.");
        else if (error) {
                log_warning("polkit: %s", error->message ?: error->name);
                deny(q, "polkit, which would decide about this, gave no answer.",
                        "Run the command as root.");
        } else if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
                sd_bus_message_read(reply, "bb", &granted, &challenge) < 0)
                deny(q, "polkit, which would decide about this, gave a broken answer.", NULL);
        else if (granted)
                q->answer = ANSWER_YES;
        else if (challenge)
                deny(q, "This needs an authentication that was not given.",
                        "Call from a session in which you can be asked for a password, or as "
                        "root.");
        else
                deny(q, "This user may not do that.", "An administrator may, or can allow it.");
        return again(q);
}

/* Nobody waits for the answer any more. */
static int on_sender_gone(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        query_free(userdata);
        return 0;
}

/* The bus has a limit for subscriptions; beyond it the question just waits to its end. */
static int on_watched(sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return 0;
}

/* Without a call that waits, as a track of sd-bus makes one. */
static int watch_sender(Query *q)
{
        char match[256];

        snprintf(match, sizeof match,
                "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s',arg2=''",
                sd_bus_message_get_sender(q->message));
        return sd_bus_add_match_async(
                q->authorize->bus, &q->gone, match, on_sender_gone, on_watched, q);
}

static int ask_polkit(Query *q)
{
        Authorize *a = q->authorize;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        bool interactive = sd_bus_message_get_allow_interactive_authorization(q->message) > 0;
        int r = sd_bus_message_new_method_call(a->bus, &m, "org.freedesktop.PolicyKit1",
                "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority",
                "CheckAuthorization");

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                sd_bus_message_get_sender(q->message), q->action, 0,
                interactive ? POLKIT_INTERACTIVE : 0, NULL);
        if (r >= 0)
                r = watch_sender(q);
        if (r < 0)
                return r;
        return sd_bus_call_async(a->bus, &q->slot, m, on_polkit, q, POLKIT_USEC);
}

static size_t count_pending(const Authorize *a, uid_t uid)
{
        size_t n = 0;

        for (size_t i = 0; i < a->n_queries; i++)
                if (a->queries[i]->action && a->queries[i]->uid == uid &&
                        a->queries[i]->answer == ANSWER_PENDING)
                        n++;
        return n;
}

int authorize_action(
        Authorize *a, sd_bus_message *m, uid_t uid, const char *action, sd_bus_error *e)
{
        Query *q = query_find(a, m, action);
        int r;

        if (uid == 0 || uid == geteuid())
                return 1;
        if (q) {
                Answer answer = q->answer;

                if (answer == ANSWER_PENDING)
                        return 0;
                if (answer == ANSWER_NO)
                        r = sd_bus_error_setf(e, ERROR_PREFIX "NotAuthorized", "%s%s%s",
                                q->failure.text, q->failure.hint[0] ? " " : "", q->failure.hint);
                else
                        r = 1;
                query_free(q);
                return r;
        }
        r = count_pending(a, uid) < AUTHORIZE_PENDING_PER_UID_MAX ? query_new(a, m, action, &q)
                                                                  : -EBUSY;
        if (r < 0)
                return too_many(e, r);
        q->uid = uid;
        r = ask_polkit(q);
        if (r < 0) {
                query_free(q);
                return r;
        }
        return 0;
}
