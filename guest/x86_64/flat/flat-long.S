// flat-long: a flat binary for 64-bit long mode. Runs at any mapped address and at any privilege level that may use ports; no
// stack. Prints a line with its privilege level to COM1 and ends with status 0.

    .text
    .code64
    .globl _start
_start:
    cld
    lea text(%rip), %rsi
next:
    mov $0x3fd, %edx
    in %dx, %al
    test $0x20, %al
    jz next
    lodsb
    test %al, %al
    jz done
    cmp $'@', %al               // stands for the privilege level
    jne send
    mov %cs, %eax
    and $3, %eax
    add $'0', %eax
send:
    mov $0x3f8, %edx
    out %al, %dx
    jmp next
done:
    xor %eax, %eax
    out %al, $0xf4
    mov $0xfe, %al
    out %al, $0x64
0:  jmp 0b                      // HLT is for privilege level 0 only
text:
    .asciz "hello from long mode, privilege level @\n"
    .section .note.GNU-stack, "", @progbits
