/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/operation.h"

#include <errno.h>
#include <string.h>

#include "daemon/text.h"
#include "wire/verbs.h"

/* From CANCEL to SIGTERM: the current read stops at a packet border, a flush may be under way. */
enum { CANCEL_USEC = 10 * 1000 * 1000 };
/* From DONE or FAIL to SIGTERM. */
enum { EXIT_USEC = 5 * 1000 * 1000 };

struct Operation {
        Helper *helper;
        const OperationOps *ops;
        void *userdata;
        Failure failure;
        Message *done;
};

Operation *operation_free(Operation *o)
{
        if (!o)
                return NULL;
        helper_free(o->helper);
        free(o->done);
        free(o);
        return NULL;
}

void operation_message(Message *m, const char *op)
{
        message_start(m, VERB_RUN);
        message_add(m, "OP", op);
}

void operation_cancel(Operation *o)
{
        Message m;

        message_start(&m, VERB_CANCEL);
        (void)helper_send(o->helper, &m);
        helper_stop_after(o->helper, CANCEL_USEC);
}

static void on_fail(Operation *o, const Message *m)
{
        Failure f;

        message_get_failure(m, &f);
        if (!failure_is_set(&f))
                f.id = ERROR_FAILED;
        if (f.text[0] == 0)
                snprintf(f.text, sizeof f.text, "The keeper failed without saying why.");
        text_clean(f.phase);
        text_clean(f.text);
        text_clean(f.hint);
        if (!failure_is_set(&o->failure))
                o->failure = f;
        helper_stop_after(o->helper, EXIT_USEC);
}

static void on_message(void *userdata, Message *m)
{
        Operation *o = userdata;

        if (message_is(m, VERB_ALIVE))
                return;
        if (message_is(m, VERB_FAIL)) {
                on_fail(o, m);
                return;
        }
        if (message_is(m, VERB_DONE)) {
                if (!o->done && (o->done = malloc(sizeof *o->done))) {
                        *o->done = *m;
                        o->done->n_fds = 0; /* those stay with m, which closes them */
                }
                helper_stop_after(o->helper, EXIT_USEC);
                return;
        }
        if (o->ops->message)
                o->ops->message(o->userdata, m);
}

static void on_exited(void *userdata, const char *how)
{
        Operation *o = userdata;

        if (!o->done && how[0])
                failure_set(&o->failure, 0, ERROR_WORKER_CRASHED,
                        "The process that keeps the store %s.", how);
        else if (!o->done)
                failure_set(&o->failure, 0, ERROR_WORKER_CRASHED,
                        "The process that keeps the store ended without a word.");
        o->ops->ended(o->userdata, failure_is_set(&o->failure) ? &o->failure : NULL, o->done);
}

static const HelperOps helper_ops = { .message = on_message, .exited = on_exited };

int operation_start(sd_event *event, const HelperSetup *setup, int store, const Message *run,
        const OperationOps *ops, void *userdata, Operation **ret, Failure *f)
{
        _cleanup_(operation_freep) Operation *o = calloc(1, sizeof *o);
        int r = -ENOMEM;

        if (o) {
                o->ops = ops;
                o->userdata = userdata;
                r = helper_spawn(event, setup, HELPER_KEEPER, store, &helper_ops, o, &o->helper);
        }
        if (r == 0)
                r = helper_send(o->helper, run);
        if (r < 0)
                return failure_set(f, r, ERROR_STORE_FAILED,
                        "The process that keeps the store cannot be started: %s.", strerror(-r));
        *ret = TAKE_PTR(o);
        return 0;
}
