/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "basic/fd.h"
#include "store/index.h"

struct Image {
        const Store *store;
        const ManifestPart *part;
        char backup[BACKUP_ID_SIZE];
        ChunkCodec *codec;
        ChunkRead how;
        int fd;
        IndexReader *index;
        Digest *sum;
        bool zero_known; /* the chunk of zeros was read and is good */
        bool damaged;
};

Image *image_free(Image *i)
{
        if (!i)
                return NULL;
        index_reader_free(i->index);
        digest_free(i->sum);
        fd_close(i->fd);
        free(i);
        return NULL;
}

static int open_index(Image *i, int dir, Failure *f)
{
        uint8_t sum[SHA256_SIZE];
        char path[PART_FILE_MAX + 16];
        int r;

        snprintf(path, sizeof path, "index/%s.caibx", i->part->file);
        i->fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        if (i->fd < 0 && errno != ENOENT)
                return store_fail(f, -errno, "opening %s of backup %s", path, i->backup);
        r = i->fd < 0 ? -EBADMSG : index_open(i->fd, i->part->size, &i->index, sum);
        if (r == 0 && memcmp(sum, i->part->index_sha256, SHA256_SIZE) != 0)
                r = -EBADMSG;
        if (r == -EBADMSG || r == -EIO)
                return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                        "The index of %s in backup %s is damaged or missing.", i->part->name,
                        i->backup);
        return r < 0 ? store_fail(f, r, "reading %s of backup %s", path, i->backup) : 0;
}

int image_open(const Store *s, int dir, const char *backup, const ManifestPart *part,
        ChunkCodec *codec, ChunkRead how, Image **ret, Failure *f)
{
        _cleanup_(image_freep) Image *i = calloc(1, sizeof *i);
        int r;

        if (!i)
                return store_fail(f, -ENOMEM, "reading %s of backup %s", part->name, backup);
        *i = (Image){ .store = s, .part = part, .codec = codec, .how = how, .fd = -1 };
        snprintf(i->backup, sizeof i->backup, "%s", backup);
        r = digest_new(DIGEST_SHA256, &i->sum);
        if (r < 0)
                return store_fail(f, r, "reading %s of backup %s", part->name, backup);
        r = open_index(i, dir, f);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(i);
        return 0;
}

/* The chunk of zeros is looked at once; a phone may have a hundred thousand of them. */
static int load(Image *i, const ChunkHash *hash, const uint8_t **ret, size_t *ret_size)
{
        bool zero = chunk_hash_equal(hash, chunk_hash_zero());
        int r;

        if (zero && i->zero_known) {
                *ret = chunk_zeros();
                *ret_size = CHUNK_SIZE;
                return 0;
        }
        r = chunk_load(i->codec, i->store->chunks, hash, i->how, ret, ret_size);
        i->zero_known |= zero && r == 0;
        return r;
}

int image_next(Image *i, const uint8_t **ret, uint64_t *ret_offset, size_t *ret_size, Failure *f)
{
        size_t length, size;
        ChunkHash hash;
        int r;

        r = index_next(i->index, &hash, ret_offset, &length);
        if (r == 0)
                return 0;
        *ret_size = length;
        if (r < 0)
                return store_fail(f, r == -EBADMSG ? -EIO : r,
                        "reading the index of %s of backup %s", i->part->name, i->backup);
        r = load(i, &hash, ret, &size);
        if (r == 0 && size != length)
                r = -EBADMSG;
        if (r == -ENOENT || chunk_damaged(r)) {
                char path[CHUNK_PATH_SIZE];

                i->damaged = true;
                chunk_path(hash.bytes, path);
                return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                        "%s of backup %s is damaged at offset 0x%" PRIx64 ": chunk %s %s.",
                        i->part->name, i->backup, *ret_offset, path,
                        r == -ENOENT ? "is missing" : "cannot be read or has another content");
        }
        if (r < 0)
                return store_fail(f, r, "reading %s of backup %s at offset 0x%" PRIx64,
                        i->part->name, i->backup, *ret_offset);
        digest_add(i->sum, *ret, length);
        return 1;
}

int image_finish(Image *i, Failure *f)
{
        uint8_t sum[SHA256_SIZE];

        if (i->damaged)
                return 0;
        digest_finish(i->sum, sum);
        if (memcmp(sum, i->part->sha256, SHA256_SIZE) == 0)
                return 0;
        return failure_set(f, -EBADMSG, ERROR_STORE_DAMAGED,
                "%s of backup %s is damaged: the image as a whole has another checksum than "
                "when it was read.",
                i->part->name, i->backup);
}
