/* SPDX-License-Identifier: MIT */

#include "elf_private.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rein/error.h>

/* The class and byte order of this machine; every size below follows from it. */
#if __SIZEOF_POINTER__ == 8
#define HERE_CLASS ELFCLASS64
#else
#define HERE_CLASS ELFCLASS32
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HERE_DATA ELFDATA2LSB
#else
#define HERE_DATA ELFDATA2MSB
#endif

typedef struct {
    int fd;
    guint64 size; /* bytes in the file */
    ElfW(Ehdr) head;
} ElfFile;

typedef struct {
    guint16 machine;
    const char *name;
} MachineName;

static const MachineName machine_names[] = {
    { EM_X86_64, "x86_64" }, { EM_386, "i386" },    { EM_AARCH64, "aarch64" },
    { EM_ARM, "arm" },       { EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" },
    { EM_S390, "s390" },     { EM_MIPS, "mips" },   { EM_LOONGARCH, "loongarch" },
};

static const char *
machine_name(guint16 machine)
{
    for (gsize i = 0; i < G_N_ELEMENTS(machine_names); i++) {
        if (machine_names[i].machine == machine) {
            return machine_names[i].name;
        }
    }
    return "another architecture";
}

/* The machine this code was compiled for; EM_NONE where this list does not know it. */
static guint16
machine_here(void)
{
#if defined(__x86_64__)
    return EM_X86_64;
#elif defined(__aarch64__)
    return EM_AARCH64;
#elif defined(__riscv)
    return EM_RISCV;
#elif defined(__powerpc64__)
    return EM_PPC64;
#elif defined(__s390__)
    return EM_S390;
#elif defined(__i386__)
    return EM_386;
#elif defined(__arm__)
    return EM_ARM;
#else
    return EM_NONE;
#endif
}

static gboolean
refuse_truncated(const ElfFile *file, GError **error)
{
    g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN,
                "truncated ELF file: it ends after %" G_GUINT64_FORMAT
                " bytes, its headers name more",
                file->size);
    return FALSE;
}

/* Whether `n` entries of `entry_size` bytes at `offset` lie in the file. */
static gboolean
holds(const ElfFile *file, guint64 offset, guint64 n, guint64 entry_size)
{
    guint64 size = 0;
    guint64 end = 0;

    return !__builtin_mul_overflow(n, entry_size, &size) &&
           !__builtin_add_overflow(offset, size, &end) && end <= file->size;
}

static gboolean
check_identity(const ElfFile *file, gssize n_read, GError **error)
{
    const ElfW(Ehdr) *head = &file->head;

    if (n_read < SELFMAG || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "not an ELF file%s",
                    file->size == 0 ? ": it is empty" : "");
        return FALSE;
    }
    if (n_read < (gssize)sizeof *head) {
        return refuse_truncated(file, error);
    }
    if (head->e_ident[EI_DATA] != HERE_DATA) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN,
                    "is for an architecture of another byte order, this is %s",
                    machine_name(machine_here()));
        return FALSE;
    }
    /* e_machine has one place in both classes */
    if (head->e_ident[EI_CLASS] != HERE_CLASS ||
        (machine_here() != EM_NONE && head->e_machine != machine_here())) {
        g_set_error(
            error, REIN_ERROR, REIN_ERROR_PLUGIN, "is for %s (ELF machine %u, %s bits), this is %s",
            machine_name(head->e_machine), (guint)head->e_machine,
            head->e_ident[EI_CLASS] == ELFCLASS32 ? "32" : "64", machine_name(machine_here()));
        return FALSE;
    }
    if (head->e_type != ET_DYN) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "an ELF file, but not a shared object");
        return FALSE;
    }
    return TRUE;
}

/* Every segment and the section table lie in the file: mapping past its end would be a SIGBUS. */
static gboolean
check_whole(const ElfFile *file, GError **error)
{
    const ElfW(Ehdr) *head = &file->head;

    if (head->e_phnum == 0 || head->e_phentsize != sizeof(ElfW(Phdr))) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "damaged ELF file: no segments to load");
        return FALSE;
    }
    if (!holds(file, head->e_phoff, head->e_phnum, head->e_phentsize) ||
        (head->e_shoff != 0 && !holds(file, head->e_shoff, head->e_shnum, head->e_shentsize))) {
        return refuse_truncated(file, error);
    }
    for (guint i = 0; i < head->e_phnum; i++) {
        ElfW(Phdr) segment;
        off_t at = (off_t)(head->e_phoff + i * sizeof segment);

        if (pread(file->fd, &segment, sizeof segment, at) != (gssize)sizeof segment ||
            !holds(file, segment.p_offset, 1, segment.p_filesz)) {
            return refuse_truncated(file, error);
        }
    }
    return TRUE;
}

static gboolean
check_file(ElfFile *file, GError **error)
{
    struct stat info;

    if (fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "not a regular file");
        return FALSE;
    }
    file->size = (guint64)info.st_size;

    gssize n_read = pread(file->fd, &file->head, sizeof file->head, 0);
    if (n_read < 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "cannot be read: %s", g_strerror(errno));
        return FALSE;
    }
    return check_identity(file, n_read, error) && check_whole(file, error);
}

gboolean
rein_elf_check(const char *path, GError **error)
{
    ElfFile file = { .fd = -1 };

    g_return_val_if_fail(path != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    /* a FIFO called x.so must not make us wait for its writer */
    file.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file.fd < 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "cannot be opened: %s",
                    g_strerror(errno));
        return FALSE;
    }
    gboolean is_good = check_file(&file, error);
    close(file.fd);
    return is_good;
}
