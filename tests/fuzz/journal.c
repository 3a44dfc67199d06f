/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Journals, as they are and with the check of each line made right. What is read can be written
 * again and reads the same. */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "store/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_file(const uint8_t *data, size_t size)
{
        int fd = memfd_create("journal", MFD_CLOEXEC);

        if (fd < 0 || fd_write_full(fd, data, size) < 0)
                abort();
        return fd;
}

/* gives each line the check it should have, where it has room for one */
static void sign(uint8_t *data, size_t size)
{
        for (size_t start = 0; start < size;) {
                uint8_t *end = memchr(data + start, '\n', size - start);
                size_t length = (size_t)((end ? end : data + size) - (data + start));
                uint8_t sum[SHA256_SIZE];
                char hex[9];

                if (length >= 10) {
                        digest_of(DIGEST_SHA256, data + start, length - 10, sum);
                        hex_encode(sum, 4, hex);
                        memcpy(data + start + length - 10, " #", 2);
                        memcpy(data + start + length - 8, hex, 8);
                }
                start += length + 1;
        }
}

static void read_all(const uint8_t *data, size_t size)
{
        _cleanup_(journal_reader_freep) JournalReader *r = NULL;
        _cleanup_close_ int fd = memory_file(data, size);
        JournalEntry e;

        if (journal_open(fd, &r) < 0)
                return;
        while (journal_next(r, &e) == 1)
                if ((e.type != 'E' && !part_file_valid(e.part)) ||
                        (e.type == 'C' && (e.length == 0 || e.length > CHUNK_SIZE)))
                        abort();
        if (journal_valid(r) > size)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t *copy = malloc(size + 1);

        memcpy(copy, data, size);
        read_all(copy, size);
        sign(copy, size);
        read_all(copy, size);
        free(copy);
        return 0;
}
