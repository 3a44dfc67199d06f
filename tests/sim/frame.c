/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frame.h"

#include <string.h>

#include "basic/digest.h"
#include "chips.h"
#include "gen-agent.h"

enum { ROOM_MIN = 512 };

static const uint8_t magic[4] = { 0xef, 0xee, 0xee, 0xfe };

void frame_want(Frame *f, size_t max)
{
        f->max = max;
        f->in_payload = false;
        f->size = sizeof(f->header);
        f->got = 0;
}

static FrameResult head_received(Frame *f, Model *m)
{
        uint32_t type = get_le32(f->header + 4), size = get_le32(f->header + 8);
        if (memcmp(f->header, magic, 4) != 0) {
                char hex[2 * sizeof(f->header) + 1];
                hex_encode(f->header, sizeof(f->header), hex);
                model_breach(m, BREACH_MAGIC, "%s", hex);
                return FRAME_MAGIC;
        }
        if (type != 1)
                model_breach(m, BREACH_FRAME, "type %u", type);
        if (size > f->max || !size) {
                model_breach(m, BREACH_FRAME, "%u bytes where %zu fit", size, f->max);
                return FRAME_LENGTH;
        }
        free(f->payload);
        f->payload = calloc(1, MAX((size_t)size, (size_t)ROOM_MIN) + 1);
        if (!f->payload)
                abort();
        f->in_payload = true;
        f->size = size;
        f->got = 0;
        return FRAME_MORE;
}

FrameResult frame_take(Frame *f, Model *m, const uint8_t *data, size_t size)
{
        if (!size) {
                model_breach(m, BREACH_ZLP, "to the agent");
                return FRAME_EMPTY;
        }
        if (size > f->size - f->got) {
                model_breach(m, BREACH_JOINED, "%zu bytes where %zu were wanted", size,
                        f->size - f->got);
                return FRAME_JOINED;
        }
        memcpy((f->in_payload ? f->payload : f->header) + f->got, data, size);
        f->got += size;
        if (f->got < f->size)
                return FRAME_MORE;
        return f->in_payload ? FRAME_WHOLE : head_received(f, m);
}

void frame_head(Model *m, uint32_t type, uint32_t size, uint8_t ret[12])
{
        uint64_t claimed = size, unused;
        model_fault(m, FAULT_LENGTH, &claimed);
        memcpy(ret, magic, 4);
        if (model_fault(m, FAULT_MAGIC, &unused))
                ret[1] ^= 0x55;
        put_le32(ret + 4, type);
        put_le32(ret + 8, (uint32_t)claimed);
}

bool agent_fits(const uint8_t *stage1, size_t n, const Personality *chip, bool *ret_ours)
{
        const uint8_t *mark = memmem(stage1, n, AGENT_MARK, strlen(AGENT_MARK));
        unsigned code;
        char text[9] = {};
        *ret_ours = mark;
        if (!mark || (size_t)(stage1 + n - mark) < strlen(AGENT_MARK) + 8)
                return true;
        memcpy(text, mark + strlen(AGENT_MARK), 8);
        return sscanf(text, "%x", &code) != 1 || code == chip->da_code;
}

bool agent_knows(const uint8_t *stage1, size_t n, const uint8_t *image, size_t size)
{
        static const struct {
                DigestKind kind;
                size_t size;
        } digests[] = { { DIGEST_SHA1, SHA1_SIZE }, { DIGEST_SHA256, SHA256_SIZE } };
        uint8_t sum[DIGEST_SIZE_MAX];
        for (size_t i = 0; i < ELEMENTS(digests); i++) {
                digest_of(digests[i].kind, image, size, sum);
                if (memmem(stage1, n, sum, digests[i].size))
                        return true;
        }
        return false;
}
