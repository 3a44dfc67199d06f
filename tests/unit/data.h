/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Files of tests/data, read whole. */

#include <fcntl.h>

#include "basic/fd.h"
#include "test.h"

static inline char *data_read(const char *name, size_t *ret_size)
{
        char path[1024], *text = NULL;

        snprintf(path, sizeof(path), "%s/%s", TEST_DATA, name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(fd_read_all(fd, 64 * MiB, &text, ret_size), 0);
        return text;
}
