// flat-real: a flat binary for real mode. Runs at any address below 64 KiB of its code segment: finds its text by CALL and
// reads it through CS. Prints a line to COM1 and ends with status 0.

    .text
    .code16
    .globl _start
_start:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ss
    mov $0x7000, %sp
    call 1f
1:  pop %si
    add $(text - 1b), %si
next:
    mov $0x3fd, %dx
    in %dx, %al
    test $0x20, %al
    jz next
    mov %cs:(%si), %al
    inc %si
    test %al, %al
    jz done
    mov $0x3f8, %dx
    out %al, %dx
    jmp next
done:
    xor %al, %al
    out %al, $0xf4
    mov $0xfe, %al
    out %al, $0x64
0:  hlt
    jmp 0b
text:
    .asciz "hello from real mode\n"
    .section .note.GNU-stack, "", @progbits
