// One entry per vector below 0x50. All go on to interrupt_common with the vector (and, where the CPU pushes none, a zero
// error code) on the stack; the table interrupt_entries holds their addresses.

    .text
    .code64
    .set vector, 0
    .rept 0x50
    .balign 16
1:
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push $0
    .endif
    push $vector
    jmp interrupt_common
    .pushsection .rodata.entries, "a"
    .quad 1b
    .popsection
    .set vector, vector + 1
    .endr

interrupt_common:
    push %rax
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    cld
    mov %rsp, %rdi
    call interrupt_dispatch
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

    .section .rodata.entries, "a"
    .globl interrupt_entries
    .set interrupt_entries, .rodata.entries
    .section .note.GNU-stack, "", @progbits
