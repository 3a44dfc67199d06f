/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Indexes of partitions, read for the size that their own last entry claims and for others. What is
 * accepted has chunks of the right number and length. */

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "store/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(int fd, uint64_t part_size)
{
        _cleanup_(index_reader_freep) IndexReader *r = NULL;
        uint8_t sum[SHA256_SIZE];
        uint64_t offset, end = 0;
        ChunkHash hash;
        size_t length;

        if (index_open(fd, part_size, &r, sum) < 0)
                return;
        while (index_next(r, &hash, &offset, &length) > 0) {
                if (offset != end || length == 0 || length > CHUNK_SIZE)
                        abort();
                end += length;
        }
        if (end != part_size)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_close_ int fd = memfd_create("index", MFD_CLOEXEC);
        uint64_t last = size >= INDEX_ENTRY_SIZE + INDEX_TAIL_SIZE
                ? get_le64(data + size - INDEX_ENTRY_SIZE - INDEX_TAIL_SIZE)
                : 0;

        if (fd < 0 || fd_write_full(fd, data, size) < 0)
                return 0;
        read_as(fd, last);
        read_as(fd, last + 1);
        read_as(fd, size * CHUNK_SIZE);
        read_as(fd, UINT64_MAX);
        return 0;
}
