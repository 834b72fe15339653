! One mistake each, as in wrong.c.
integer(8) function f_past_an_array(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(n)
  real(c_double), allocatable :: y(:)
  integer(c_int64_t) :: i
  allocate (y(n))
  do i = 1, n + 1
    y(i) = 2
  end do
  f_past_an_array = int(y(1), 8)
end function

integer(8) function f_before_an_array(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(n)
  real(c_double), allocatable :: y(:)
  integer(c_int64_t), volatile :: i
  allocate (y(n))
  i = 0
  y = 1
  y(i) = 2
  f_before_an_array = int(y(1), 8)
end function

integer(8) function f_array_gone(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(n)
  real(c_double), pointer :: y(:), z(:)
  allocate (y(n))
  y = 1
  z => y
  deallocate (y)
  f_array_gone = int(z(2), 8)
end function

integer(8) function f_leak(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(n)
  real(c_double), pointer :: y(:)
  allocate (y(n))
  y = 1
  f_leak = int(y(2), 8)
  nullify (y)
end function

integer(8) function f_past_ve_memory(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(*)
  integer(c_int64_t) :: i
  do i = 1, n + 1
    x(i) = 2
  end do
  f_past_ve_memory = 0
end function
