/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/chunk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "store/names.h"

struct ChunkCodec {
        ZSTD_CCtx *compress; /* NULL when it only reads */
        ZSTD_DCtx *decompress;
        uint8_t *frame, *plain; /* CHUNK_FRAME_MAX and CHUNK_SIZE bytes */
};

_Static_assert(ZSTD_COMPRESSBOUND(CHUNK_SIZE) <= CHUNK_FRAME_MAX, "a frame has room");

bool chunk_hash_equal(const ChunkHash *a, const ChunkHash *b)
{
        return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void chunk_hash_of(const void *data, size_t size, ChunkHash *ret)
{
        digest_of(DIGEST_SHA256, data, size, ret->bytes);
}

const uint8_t *chunk_zeros(void)
{
        static const uint8_t zeros[CHUNK_SIZE];

        return zeros;
}

const ChunkHash *chunk_hash_zero(void)
{
        /* SHA-256 of 1048576 zero bytes */
        static const ChunkHash hash = { {
                0x30,
                0xe1,
                0x49,
                0x55,
                0xeb,
                0xf1,
                0x35,
                0x22,
                0x66,
                0xdc,
                0x2f,
                0xf8,
                0x06,
                0x7e,
                0x68,
                0x10,
                0x46,
                0x07,
                0xe7,
                0x50,
                0xab,
                0xb9,
                0xd3,
                0xb3,
                0x65,
                0x82,
                0xb8,
                0xaf,
                0x90,
                0x9f,
                0xcb,
                0x58,
        } };

        return &hash;
}

/* ---- frames ---- */

int chunk_codec_new(int level, ChunkCodec **ret)
{
        _cleanup_(chunk_codec_freep) ChunkCodec *c = calloc(1, sizeof *c);

        if (!c)
                return -ENOMEM;
        c->decompress = ZSTD_createDCtx();
        c->frame = malloc(CHUNK_FRAME_MAX);
        c->plain = malloc(CHUNK_SIZE);
        if (!c->decompress || !c->frame || !c->plain)
                return -ENOMEM;
        if (level != 0) {
                c->compress = ZSTD_createCCtx();
                if (!c->compress ||
                        ZSTD_isError(ZSTD_CCtx_setParameter(
                                c->compress, ZSTD_c_compressionLevel, level)) ||
                        ZSTD_isError(ZSTD_CCtx_setParameter(c->compress, ZSTD_c_checksumFlag, 1)) ||
                        ZSTD_isError(
                                ZSTD_CCtx_setParameter(c->compress, ZSTD_c_contentSizeFlag, 1)))
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

ChunkCodec *chunk_codec_free(ChunkCodec *c)
{
        if (!c)
                return NULL;
        ZSTD_freeCCtx(c->compress);
        ZSTD_freeDCtx(c->decompress);
        free(c->frame);
        free(c->plain);
        free(c);
        return NULL;
}

int chunk_encode(
        ChunkCodec *c, const void *data, size_t size, const uint8_t **ret_frame, size_t *ret_size)
{
        const uint8_t *back;
        size_t n, n_back;

        if (size == 0 || size > CHUNK_SIZE)
                return -EINVAL;
        n = ZSTD_compress2(c->compress, c->frame, CHUNK_FRAME_MAX, data, size);
        if (ZSTD_isError(n))
                return ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation ? -ENOMEM : -EIO;
        /* a broken memory module or compressor must not become a stored chunk */
        if (chunk_decode(c, c->frame, n, &back, &n_back) < 0 || n_back != size ||
                memcmp(back, data, size) != 0)
                return -EIO;
        *ret_frame = c->frame;
        *ret_size = n;
        return 0;
}

/* RFC 8878 3.1.1.1.1, frame header descriptor: bit 2 says that a checksum follows, bit 4 is unused.
 * A decoder has to ignore the latter; we never write it, so that it can only be damage. */
static bool is_ours(const uint8_t *frame, size_t size)
{
        return size > 5 && get_le32(frame) == ZSTD_MAGICNUMBER && (frame[4] & 0x14) == 4;
}

int chunk_decode(ChunkCodec *c, const void *frame, size_t frame_size, const uint8_t **ret_data,
        size_t *ret_size)
{
        unsigned long long content;
        size_t n;

        if (!is_ours(frame, frame_size))
                return -EBADMSG;
        /* unknown and error are the two largest values */
        content = ZSTD_getFrameContentSize(frame, frame_size);
        if (content == 0 || content > CHUNK_SIZE)
                return -EBADMSG;
        if (ZSTD_findFrameCompressedSize(frame, frame_size) != frame_size)
                return -EBADMSG;
        n = ZSTD_decompressDCtx(c->decompress, c->plain, CHUNK_SIZE, frame, frame_size);
        if (n != content)
                return -EBADMSG;
        *ret_data = c->plain;
        *ret_size = n;
        return 0;
}

/* ---- files ---- */

bool chunk_damaged(int err)
{
        return err == -EBADMSG || err == -EIO || err == -EUCLEAN || err == -ENODATA ||
                err == -EILSEQ;
}

static int open_chunk(int chunks, const ChunkHash *hash, size_t *ret_size)
{
        _cleanup_close_ int fd = -1;
        char path[CHUNK_PATH_SIZE];
        struct stat st;

        chunk_path(hash->bytes, path);
        fd = openat(chunks, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return errno == ELOOP ? -EBADMSG : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > CHUNK_FRAME_MAX)
                return -EBADMSG;
        *ret_size = (size_t)st.st_size;
        return TAKE_FD(fd);
}

static int read_chunk(
        ChunkCodec *c, int fd, size_t size, const uint8_t **ret_data, size_t *ret_size)
{
        int r = fd_pread_full(fd, c->frame, size, 0);

        return r < 0 ? r : chunk_decode(c, c->frame, size, ret_data, ret_size);
}

int chunk_load(ChunkCodec *c, int chunks, const ChunkHash *hash, ChunkRead how,
        const uint8_t **ret_data, size_t *ret_size)
{
        _cleanup_close_ int fd = -1;
        ChunkHash found;
        size_t size;
        int r;

        fd = open_chunk(chunks, hash, &size);
        if (fd < 0)
                return fd;
        if (how == CHUNK_COLD)
                (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        r = read_chunk(c, fd, size, ret_data, ret_size);
        if (r < 0)
                return r;
        chunk_hash_of(*ret_data, *ret_size, &found);
        return chunk_hash_equal(&found, hash) ? 0 : -EBADMSG;
}

int chunk_compare(ChunkCodec *c, int chunks, const ChunkHash *hash, const void *data, size_t size)
{
        _cleanup_close_ int fd = -1;
        const uint8_t *stored;
        size_t n, n_stored;
        int r;

        fd = open_chunk(chunks, hash, &n);
        if (fd < 0)
                return fd;
        r = read_chunk(c, fd, n, &stored, &n_stored);
        if (r < 0)
                return r;
        if (n_stored != size || memcmp(stored, data, size) != 0)
                return -EBADMSG;
        /* an age for gc, whose lock is what really protects the chunk */
        (void)futimens(fd, NULL);
        return 0;
}

int chunk_stat(int chunks, const ChunkHash *hash, uint64_t *ret_size)
{
        char path[CHUNK_PATH_SIZE];
        struct stat st;

        chunk_path(hash->bytes, path);
        if (fstatat(chunks, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size <= 0)
                return -EBADMSG;
        *ret_size = (uint64_t)st.st_size;
        return 0;
}
