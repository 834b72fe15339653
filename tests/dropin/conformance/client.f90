! A Fortran program that binds to libveo by itself, with kernels of C: memory, calls with
! arguments of several kinds, stack buffers, requests in order, a function of the host.
! Arguments: the directory of the kernel libraries.
module veo
  use, intrinsic :: iso_c_binding
  implicit none

  integer(c_int), parameter :: intent_inout = 1, intent_out = 2, command_ok = 0, command_error = 2
  integer(c_int64_t), parameter :: invalid = -1

  interface
    integer(c_int) function veo_api_version() bind(c)
      import
    end function
    type(c_ptr) function veo_proc_create(node) bind(c)
      import
      integer(c_int), value :: node
    end function
    integer(c_int) function veo_proc_destroy(proc) bind(c)
      import
      type(c_ptr), value :: proc
    end function
    integer(c_int64_t) function veo_load_library(proc, path) bind(c)
      import
      type(c_ptr), value :: proc
      character(kind=c_char), intent(in) :: path(*)
    end function
    integer(c_int64_t) function veo_get_sym(proc, library, name) bind(c)
      import
      type(c_ptr), value :: proc
      integer(c_int64_t), value :: library
      character(kind=c_char), intent(in) :: name(*)
    end function
    type(c_ptr) function veo_context_open(proc) bind(c)
      import
      type(c_ptr), value :: proc
    end function
    integer(c_int) function veo_context_close(ctx) bind(c)
      import
      type(c_ptr), value :: ctx
    end function
    integer(c_int) function veo_alloc_mem(proc, address, length) bind(c)
      import
      type(c_ptr), value :: proc
      integer(c_int64_t), intent(out) :: address
      integer(c_size_t), value :: length
    end function
    integer(c_int) function veo_free_mem(proc, address) bind(c)
      import
      type(c_ptr), value :: proc
      integer(c_int64_t), value :: address
    end function
    integer(c_int64_t) function veo_async_write_mem(ctx, address, from, length) bind(c)
      import
      type(c_ptr), value :: ctx, from
      integer(c_int64_t), value :: address
      integer(c_size_t), value :: length
    end function
    integer(c_int64_t) function veo_async_read_mem(ctx, to, address, length) bind(c)
      import
      type(c_ptr), value :: ctx, to
      integer(c_int64_t), value :: address
      integer(c_size_t), value :: length
    end function
    type(c_ptr) function veo_args_alloc() bind(c)
      import
    end function
    subroutine veo_args_clear(args) bind(c)
      import
      type(c_ptr), value :: args
    end subroutine
    subroutine veo_args_free(args) bind(c)
      import
      type(c_ptr), value :: args
    end subroutine
    integer(c_int) function veo_args_set_i64(args, at, number) bind(c)
      import
      type(c_ptr), value :: args
      integer(c_int), value :: at
      integer(c_int64_t), value :: number
    end function
    integer(c_int) function veo_args_set_i32(args, at, number) bind(c)
      import
      type(c_ptr), value :: args
      integer(c_int), value :: at
      integer(c_int32_t), value :: number
    end function
    integer(c_int) function veo_args_set_double(args, at, number) bind(c)
      import
      type(c_ptr), value :: args
      integer(c_int), value :: at
      real(c_double), value :: number
    end function
    integer(c_int) function veo_args_set_float(args, at, number) bind(c)
      import
      type(c_ptr), value :: args
      integer(c_int), value :: at
      real(c_float), value :: number
    end function
    integer(c_int) function veo_args_set_stack(args, intents, at, buffer, length) bind(c)
      import
      type(c_ptr), value :: args, buffer
      integer(c_int), value :: intents, at
      integer(c_size_t), value :: length
    end function
    integer(c_int64_t) function veo_call_async(ctx, address, args) bind(c)
      import
      type(c_ptr), value :: ctx, args
      integer(c_int64_t), value :: address
    end function
    integer(c_int64_t) function veo_call_async_vh(ctx, function, arg) bind(c)
      import
      type(c_ptr), value :: ctx, arg
      type(c_funptr), value :: function
    end function
    integer(c_int) function veo_call_wait_result(ctx, request, outcome) bind(c)
      import
      type(c_ptr), value :: ctx
      integer(c_int64_t), value :: request
      integer(c_int64_t), intent(inout) :: outcome
    end function
  end interface

  integer :: failures = 0

contains

  subroutine check(good, what)
    logical, intent(in) :: good
    character(*), intent(in) :: what
    if (good) return
    failures = failures + 1
    write (0, *) 'not so: ', what
  end subroutine

  ! A function of the host that the library calls between two requests.
  integer(c_int64_t) function on_host(arg) bind(c)
    type(c_ptr), value :: arg
    integer(c_int64_t), pointer :: number
    call c_f_pointer(arg, number)
    number = number + 1
    on_host = 2 * number
  end function
end module

program client
  use veo
  implicit none
  integer, parameter :: count = 100000
  type(c_ptr) :: proc, ctx, further, args
  integer(c_int64_t) :: library, address, outcome, requests(8), number
  integer(c_size_t), parameter :: size = 8_c_size_t * count
  real(c_double), target :: values(count), back(count), factor
  integer(c_int64_t), target :: given
  integer(c_signed_char), target :: bytes(100)
  character(4096) :: directory
  integer :: i

  call get_command_argument(1, directory)
  call check(veo_api_version() == 16, 'the version')
  proc = veo_proc_create(0)
  if (.not. c_associated(proc)) error stop 'no process'
  library = veo_load_library(proc, trim(directory) // '/libkernels.so' // c_null_char)
  if (library == 0) error stop 'no library'
  ctx = veo_context_open(proc)
  further = veo_context_open(proc)
  call check(c_associated(ctx) .and. c_associated(further), 'contexts')
  args = veo_args_alloc()

  ! Memory and calls, queued behind each other.
  values = [(real(i, c_double), i = 1, count)]
  factor = 0.5d0
  call check(veo_alloc_mem(proc, address, size) == 0, 'allocation')
  requests(1) = veo_async_write_mem(ctx, address, c_loc(values), size)
  call check(veo_args_set_i64(args, 0, address) == 0, 'an address')
  call check(veo_args_set_i32(args, 1, int(count, c_int32_t)) == 0, 'a count')
  call check(veo_args_set_double(args, 2, factor) == 0, 'a factor')
  requests(2) = veo_call_async(ctx, kernel('scale'), args)
  given = 20
  requests(3) = veo_call_async_vh(ctx, c_funloc(on_host), c_loc(given))
  requests(4) = veo_async_read_mem(ctx, c_loc(back), address, size)
  call check(all(requests(1:4) /= invalid), 'requests')
  call collects(ctx, requests(4), 0_c_int64_t, 'a read')
  call collects(ctx, requests(3), 42_c_int64_t, 'a function of the host')
  call collects(ctx, requests(2), int(count, c_int64_t), 'a kernel')
  call collects(ctx, requests(1), 0_c_int64_t, 'a write')
  call check(all(back == 0.5d0 * values), 'the values')
  call check(given == 21, 'what the function got')
  outcome = 7
  call check(veo_call_wait_result(ctx, requests(1), outcome) == command_error, 'collected once')
  call check(outcome == 7, 'a result left alone')
  call check(veo_free_mem(proc, address) == 0, 'freeing')

  ! Floating-point numbers and results.
  call veo_args_clear(args)
  call check(veo_args_set_double(args, 0, 0.1d0) == 0, 'a double')
  call check(veo_args_set_double(args, 1, 0.2d0) == 0, 'a double')
  number = transfer(0.1d0 + 0.2d0, number)
  call collects(further, veo_call_async(further, kernel('sum_doubles'), args), number, 'doubles')
  call veo_args_clear(args)
  call check(veo_args_set_float(args, 0, 1.5) == 0, 'a float')
  call check(veo_args_set_float(args, 1, 2.25) == 0, 'a float')
  number = ishft(int(transfer(3.75, 1_c_int32_t), c_int64_t), 32)
  call collects(further, veo_call_async(further, kernel('sum_floats'), args), number, 'floats')

  ! Stack buffers.
  bytes = [(int(i, c_signed_char), i = 1, 100)]
  call veo_args_clear(args)
  call check(veo_args_set_stack(args, intent_inout, 0, c_loc(bytes), 100_c_size_t) == 0, 'a buffer')
  call check(veo_args_set_i64(args, 1, 100_c_int64_t) == 0, 'its length')
  outcome = 0
  i = veo_call_wait_result(ctx, veo_call_async(ctx, kernel('increment_bytes'), args), outcome)
  call check(i == command_ok, 'a call with a buffer')
  call check(all(bytes == [(int(i, c_signed_char), i = 2, 101)]), 'what came back')
  call veo_args_clear(args)
  call check(veo_args_set_stack(args, intent_out, 0, c_loc(bytes), 100_c_size_t) == 0, 'a buffer')
  call check(veo_args_set_i64(args, 1, 50_c_int64_t) == 0, 'half of it')
  call check(veo_args_set_i64(args, 2, 9_c_int64_t) == 0, 'its content')
  i = veo_call_wait_result(ctx, veo_call_async(ctx, kernel('set_bytes'), args), outcome)
  call check(i == command_ok .and. all(bytes(1:50) == 9), 'what was set')

  call veo_args_free(args)
  call check(veo_context_close(further) == 0, 'closing')
  call check(veo_proc_destroy(proc) == 0, 'the end')
  if (failures /= 0) error stop 1

contains

  integer(c_int64_t) function kernel(name)
    character(*), intent(in) :: name
    kernel = veo_get_sym(proc, library, name // c_null_char)
    call check(kernel /= 0, name)
  end function

  subroutine collects(from, request, wanted, what)
    type(c_ptr), intent(in) :: from
    integer(c_int64_t), intent(in) :: request, wanted
    character(*), intent(in) :: what
    outcome = -7
    call check(veo_call_wait_result(from, request, outcome) == command_ok, what)
    call check(outcome == wanted, what)
  end subroutine
end program
