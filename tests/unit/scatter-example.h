/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Example tables, read. */

#include "data.h"
#include "format/address.h"
#include "format/ends-source.h"
#include "format/gpt.h"
#include "format/scatter.h"

#define P70A_USER UINT64_C(0x3a3e00000)

static inline Scatter *scatter_example(const char *name)
{
        char path[100];
        size_t size;
        Scatter *s = NULL;

        snprintf(path, sizeof(path), "examples/%s", name);
        _cleanup_free_ char *text = data_read(path, &size);
        if (scatter_read(name, text, size, &s) < 0)
                fail_msg("%s", name);
        return s;
}

/* the table of an area of which two example files are the ends */
static inline Layout *gpt_example(const char *name, uint64_t area_size)
{
        char path[100];
        size_t head_size, tail_size;
        Layout *l = NULL;
        EndsSource e;
        GptFacts facts;

        snprintf(path, sizeof(path), "examples/%s-primary.bin", name);
        _cleanup_free_ char *head = data_read(path, &head_size);
        snprintf(path, sizeof(path), "examples/%s-backup.bin", name);
        _cleanup_free_ char *tail = data_read(path, &tail_size);
        Source *s = ends_source_init(&e, area_size, head, head_size, tail, tail_size);
        assert_int_equal(gpt_read(s, area_size, &l, &facts), 0);
        assert_true(facts.equal);
        return l;
}
