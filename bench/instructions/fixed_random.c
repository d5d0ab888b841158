/* Random numbers that are the same in every run: preloaded by `cargo xtask instructions` so that hash seeds, ids and keys, and with them
   the number of instructions, do not change from run to run. Nothing else may load it. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

static uint64_t state = 0x9e3779b97f4a7c15;

ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
    unsigned char *out = buffer;
    (void)flags;
    for (size_t at = 0; at < length; at++) {
        /* splitmix64 */
        uint64_t z = __atomic_add_fetch(&state, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        out[at] = (unsigned char)(z ^ (z >> 31));
    }
    return (ssize_t)length;
}

int getentropy(void *buffer, size_t length) {
    getrandom(buffer, length, 0);
    return 0;
}
