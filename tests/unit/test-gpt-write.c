/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/ends-source.h"
#include "format/gpt.h"

#define P70A_USER UINT64_C(0x3a3e00000)

/* What is written is read back the same, and twice written is byte for byte the same. */
static void test_write(void **state)
{
        size_t head_size, tail_size;
        _cleanup_free_ char *head = data_read("examples/gpt-emmc-p70a-primary.bin", &head_size);
        _cleanup_free_ char *tail = data_read("examples/gpt-emmc-p70a-backup.bin", &tail_size);
        _cleanup_(layout_freep) Layout *l = NULL, *back = NULL;
        EndsSource e;
        GptFacts facts;
        GptImage image, again;

        Source *s = ends_source_init(&e, P70A_USER, head, head_size, tail, tail_size);
        assert_int_equal(gpt_read(s, P70A_USER, &l, &facts), 0);
        assert_int_equal(gpt_write(l, 512, P70A_USER, &image), 0);
        /* the example was made by other hands: nothing may differ */
        assert_int_equal(image.head_size, head_size);
        assert_int_equal(image.tail_size, tail_size);
        assert_memory_equal(image.head, head, head_size);
        assert_memory_equal(image.tail, tail, tail_size);

        for (size_t i = 0; i < l->n_parts; i++)
                l->parts[i].has_guid = false;
        strcpy(l->parts[2].name, "p\xe2\x82\xac\xf0\x9f\x93\xb1");
        gpt_image_done(&image);
        assert_int_equal(gpt_write(l, 4096, P70A_USER, &image), 0);
        assert_int_equal(gpt_write(l, 4096, P70A_USER, &again), 0);
        assert_memory_equal(image.head, again.head, image.head_size);
        assert_int_equal(gpt_read(ends_source_init(&e, P70A_USER, image.head, image.head_size,
                                          image.tail, image.tail_size),
                                 P70A_USER, &back, &facts),
                0);
        assert_true(facts.equal && facts.sector_size == 4096);
        assert_int_equal(back->n_parts, l->n_parts);
        for (size_t i = 0; i < l->n_parts; i++) {
                assert_string_equal(back->parts[i].name, l->parts[i].name);
                assert_int_equal(back->parts[i].offset, l->parts[i].offset);
                assert_int_equal(back->parts[i].size, l->parts[i].size);
                assert_memory_not_equal(back->parts[i].unique_guid,
                        back->parts[(i + 1) % l->n_parts].unique_guid, 16);
        }
        gpt_image_done(&image);
        gpt_image_done(&again);
}

static void test_write_refuses(void **state)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        GptImage image;

        Partition *p = layout_add(l, "boot");
        p->offset = 1 * MiB;
        p->size = 1 * MiB;
        assert_int_equal(gpt_write(l, 512, 4 * MiB, &image), 0);
        gpt_image_done(&image);
        assert_int_equal(gpt_write(l, 1024, 4 * MiB, &image), -EINVAL);
        assert_int_equal(gpt_write(l, 512, 4 * MiB + 1, &image), -EINVAL);
        assert_int_equal(gpt_write(l, 512, 2 * MiB, &image), -EINVAL);
        assert_int_equal(gpt_write(l, 512, 0, &image), -EINVAL);
        p->offset = 512;
        assert_int_equal(gpt_write(l, 512, 4 * MiB, &image), -EINVAL);
        p->offset = 1 * MiB + 1;
        assert_int_equal(gpt_write(l, 512, 4 * MiB, &image), -EINVAL);
        p->offset = UINT64_MAX - 511;
        assert_int_equal(gpt_write(l, 512, 4 * MiB, &image), -EINVAL);
        p->offset = 1 * MiB;
        p->open_end = true;
        assert_int_equal(gpt_write(l, 512, 4 * MiB, &image), -EINVAL);
        /* what is no part of a table is left out */
        p->region = REGION_BOOT1;
        assert_int_equal(gpt_write(l, 512, 4 * MiB, &image), 0);
        assert_true(bytes_all(image.head + 1024, 128, 0));
        gpt_image_done(&image);
}

TEST_MAIN(cmocka_unit_test(test_write), cmocka_unit_test(test_write_refuses))
