/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/work.h"

#include <errno.h>

#include "basic/clock.h"
#include "client/error.h"
#include "client/interrupt.h"
#include "client/output.h"
#include "client/progress.h"

enum { DRAW_EVERY_USEC = 200 * 1000, RATE_AFTER_USEC = 500 * 1000 };

static int report(void *userdata, uint64_t done)
{
        Work *w = userdata;
        uint64_t now, spent;
        ProgressLine line = { .what = w->what, .done = w->before + done, .total = w->total };

        if (interrupt_seen())
                return -EINTR;
        now = clock_usec();
        if (now - w->drawn < DRAW_EVERY_USEC || !stderr_is_terminal() || arg_json)
                return 0;
        w->drawn = now;
        spent = now - w->started;
        line.remaining = UINT64_MAX;
        if (spent > RATE_AFTER_USEC) {
                line.rate = (uint64_t)((double)line.done * 1e6 / (double)spent);
                if (line.rate > 0 && line.total >= line.done)
                        line.remaining = (line.total - line.done) / line.rate;
        }
        progress_draw(&line);
        return 0;
}

void work_begin(Work *w, const char *what, uint64_t total)
{
        *w = (Work){
                .progress = { .function = report, .userdata = w },
                .what = what,
                .total = total,
                .started = clock_usec(),
        };
        w->drawn = w->started;
        interrupt_begin();
}

void work_next(Work *w, const char *what, uint64_t size)
{
        w->what = what;
        w->before += size;
}

void work_end(Work *w)
{
        interrupt_end();
        if (w->drawn != w->started)
                status_line(NULL);
}

int work_error(int r, const char *path)
{
        if (r != -EINTR)
                return error_file(r, path);
        message("interrupted; what was not finished is gone");
        return EXIT_INTERRUPTED;
}
