// flat-protected: a flat binary for 32-bit protected mode with flat segments. Runs at any address; uses a few bytes of stack
// below 0x7000. Prints a line to COM1 and ends with status 0.

    .text
    .code32
    .globl _start
_start:
    cli
    cld
    mov $0x7000, %esp
    call 1f
1:  pop %esi
    add $(text - 1b), %esi
next:
    mov $0x3fd, %edx
    in %dx, %al
    test $0x20, %al
    jz next
    lodsb
    test %al, %al
    jz done
    mov $0x3f8, %edx
    out %al, %dx
    jmp next
done:
    xor %eax, %eax
    out %al, $0xf4
    mov $0xfe, %al
    out %al, $0x64
0:  hlt
    jmp 0b
text:
    .asciz "hello from protected mode\n"
    .section .note.GNU-stack, "", @progbits
