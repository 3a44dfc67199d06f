/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-call.h"

#include <errno.h>
#include <string.h>

#include "daemon/bus-error.h"

struct Call {
        Calls *calls;
        sd_bus_message *message, *reply; /* reply: NULL for an empty one */
        sd_bus_track *track;
        StoreTask *task;
        const CallOps *ops;
        int error; /* of building the reply */
};

static Call *call_free(Call *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->calls->n; i++)
                if (c->calls->list[i] == c) {
                        c->calls->list[i] = c->calls->list[--c->calls->n];
                        break;
                }
        store_task_free(c->task);
        sd_bus_track_unref(c->track);
        sd_bus_message_unref(c->reply);
        sd_bus_message_unref(c->message);
        free(c);
        return NULL;
}
DEFINE_CLEANUP(Call, call_free)

void calls_done(Calls *c)
{
        while (c->n > 0)
                call_free(c->list[0]);
}

void calls_cancel(Calls *c)
{
        for (size_t i = 0; i < c->n; i++)
                store_task_cancel(c->list[i]->task);
}

static void on_message(void *userdata, const Message *m)
{
        Call *c = userdata;

        if (c->ops && c->error >= 0)
                c->error = c->ops->add(c->reply, m);
}

static void on_ended(void *userdata, const Failure *f, const Message *done)
{
        _cleanup_(call_freep) Call *c = userdata;

        if (c->ops && c->error >= 0)
                c->error = c->ops->end(c->reply);
        if (f)
                bus_error_reply(c->message, f);
        else if (c->error < 0)
                (void)sd_bus_reply_method_errno(c->message, c->error, NULL);
        else if (c->reply)
                (void)sd_bus_send(NULL, c->reply, NULL);
        else
                (void)sd_bus_reply_method_return(c->message, NULL);
}

static int on_caller_gone(sd_bus_track *track, void *userdata)
{
        Call *c = userdata;

        store_task_cancel(c->task);
        return 0;
}

static int prepare(Call *c, sd_bus_message *m)
{
        int r = sd_bus_track_new(sd_bus_message_get_bus(m), &c->track, on_caller_gone, c);

        if (r >= 0)
                r = sd_bus_track_add_sender(c->track, m);
        if (r >= 0 && c->ops) {
                r = sd_bus_message_new_method_return(m, &c->reply);
                if (r >= 0)
                        r = c->ops->begin(c->reply);
        }
        return r;
}

int calls_start(Calls *calls, Store *store, sd_bus_message *m, const Message *run,
        const CallOps *ops, sd_bus_error *e)
{
        static const OperationOps operation_ops = { .message = on_message, .ended = on_ended };
        _cleanup_(call_freep) Call *c = NULL;
        Failure f = { 0 };
        int r;

        if (calls->n == CALLS_MAX)
                return sd_bus_error_setf(e, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "%d such calls are being answered already; try again in a moment.",
                        CALLS_MAX);
        c = calloc(1, sizeof *c);
        if (!c)
                return -ENOMEM;
        c->calls = calls;
        c->ops = ops;
        c->message = sd_bus_message_ref(m);
        r = prepare(c, m);
        if (r < 0)
                return r;
        r = store_start(store, run, &operation_ops, c, &c->task, &f);
        if (failure_is_set(&f))
                return bus_error_set(e, &f);
        if (r < 0)
                return r;
        calls->list[calls->n++] = TAKE_PTR(c);
        return 1;
}
