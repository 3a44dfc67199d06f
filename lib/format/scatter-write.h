/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the writers of scatter text and of scatter XML share: keys and values in their order. */

#include "format/scatter.h"

typedef void (*ScatterEmit)(void *userdata, const char *key, const char *value);

/* every key of an entry but partition_index */
void scatter_emit_entry(ScatterDialect dialect, const Layout *l, const Partition *p,
        ScatterEmit emit, void *userdata);
/* boot_channel and block_size */
void scatter_emit_storage(const Layout *l, ScatterEmit emit, void *userdata);

int scatter_write_xml(Layout *const *sections, size_t n_sections, char **ret, size_t *ret_size);
