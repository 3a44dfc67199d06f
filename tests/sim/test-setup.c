/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a phone is set up with: the words of its configuration, its flash. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "gen-flash.h"
#include "model-rig.h"

static void words_of_a_configuration(void **state)
{
        static const char *const bad[] = { "", "window_ms", "window_ms=", "window_ms=x",
                "window_ms=12x", "strict=2", "ids=some", "nothing=1", "fault=", "fault=unplug",
                "fault=unplug@", "fault=explode@1", "fault=unplug@12x", "fault=status@a#x",
                "fault=status@1=y",
                "fault=status@a_name_that_is_much_too_long_for_a_step_of_any_kind" };
        PhoneConfig c;
        int keep = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        assert_int_equal(config_init(&c, "mt9999"), -ENOENT);
        assert_int_equal(config_init(&c, "MT6765"), 0);
        dup2(null, STDERR_FILENO);
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(config_set(&c, bad[i]), -EINVAL);
        dup2(keep, STDERR_FILENO);
        close(keep);
        close(null);
        assert_int_equal(config_set(&c, "window_ms=0x10"), 0);
        assert_int_equal(c.window_ms, 16);
        assert_int_equal(config_set(&c, "fault=status@chunk#3=0x11"), 0);
        assert_int_equal(c.n_faults, 1);
        assert_string_equal(c.faults[0].step, "chunk");
        assert_int_equal(c.faults[0].place, 3);
        assert_int_equal(c.faults[0].value, 0x11);
}

static uint64_t sum_of(const char *dir, const char *file)
{
        char path[600];
        uint64_t h = 1;
        uint8_t data[4096];
        ssize_t n;
        snprintf(path, sizeof(path), "%s/%s", dir, file);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        while ((n = read(fd, data, sizeof(data))) > 0)
                for (ssize_t i = 0; i < n; i++)
                        h = (h ^ data[i]) * 0x100000001b3;
        return h;
}

static void flashes_are_the_same_for_a_seed(void **state)
{
        static const struct {
                uint64_t seed, generation;
        } specs[] = { { 1, 0 }, { 1, 0 }, { 2, 0 }, { 1, 1 } };
        uint64_t users[4], boots[4];
        for (size_t i = 0; i < 4; i++) {
                FlashSpec s;
                char dir[100];
                flash_spec_init(&s);
                s.user_size = 16 * MiB;
                s.seed = specs[i].seed;
                s.generation = specs[i].generation;
                snprintf(dir, sizeof(dir), "%s/made%zu", rig_top, i);
                assert_int_equal(flash_make(dir, &s), 0);
                users[i] = sum_of(dir, "user.img");
                boots[i] = sum_of(dir, "boot1.img");
        }
        assert_true(users[0] == users[1] && boots[0] == boots[1]);
        assert_true(users[0] != users[2] && boots[0] != boots[2]);
        assert_true(users[0] != users[3] && boots[0] == boots[3]);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_of_a_configuration),
                cmocka_unit_test(flashes_are_the_same_for_a_seed),
        };
        return cmocka_run_group_tests_name("model-setup", tests, rig_set_up, rig_tear_down);
}
