/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t seen;
static unsigned depth;

static void on_signal(int number)
{
        seen = 1;
}

void interrupt_begin(void)
{
        const struct sigaction action = { .sa_handler = on_signal };

        if (depth++ > 0)
                return;
        seen = 0;
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
}

void interrupt_end(void)
{
        if (--depth > 0)
                return;
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
}

bool interrupt_seen(void)
{
        return seen;
}
