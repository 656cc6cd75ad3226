// hello: writes a line to COM1 and ends. The very first thing it does at its entry is to write the first byte, which makes
// it the yardstick for start-up time. One code serves both entries (32-bit by the PVH note, 64-bit by the ELF header):
// every instruction up to the end encodes and behaves the same in both modes, and none needs a stack.

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18              // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad start

    .text
    .code32
    .globl elf_start
elf_start:
start:
    mov $0x3f8, %dx
    mov $'h', %al
    out %al, %dx
    mov $rest, %esi
    cld
next:
    mov $0x3fd, %dx             // line status: wait for the transmitter
    in %dx, %al
    test $0x20, %al
    jz next
    lodsb
    test %al, %al
    jz done
    mov $0x3f8, %dx
    out %al, %dx
    jmp next
done:
    xor %eax, %eax
    out %al, $0xf4              // debug-exit, status 0
    mov $0xfe, %al
    out %al, $0x64              // no such port here: reset by the keyboard controller
    cli
0:  hlt
    jmp 0b

    .section .rodata
rest:
    .asciz "ello from the guest\n"
    .section .note.GNU-stack, "", @progbits
