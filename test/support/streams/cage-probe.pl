# What a taken-over ffmpeg would try, in one line on standard error: each try and whether it succeeded. Arguments: a
# secret file, a TCP port, a unix socket and a process id that are none of its business, the port it may use (or 0), and
# whether to try limits too, which costs much where there are none.
use strict;
use POSIX ();
use Socket;

my ($secret, $port, $unix, $pid, $relay, $limits) = @ARGV;

sub told { my ($name, $yes) = @_; print STDERR "$name=", ($yes ? 'yes' : 'no'), ' ' }

sub connected {
  my ($family, $address) = @_;
  socket(my $socket, $family, SOCK_STREAM, 0) or return;
  return connect($socket, $address);
}

# In a child of its own, because a limit may end who meets it.
sub done_by_child {
  my ($try) = @_;
  my $child = fork() // return;
  if (!$child) { close(STDERR); POSIX::_exit($try->() ? 0 : 1) }
  waitpid($child, 0);
  return $? == 0;
}

told('shadow', open(my $shadow, '<', '/etc/shadow'));
told('secret', open(my $file, '<', $secret));
told('proc', -e "/proc/$$");
told('tcp', connected(AF_INET, pack_sockaddr_in($port, INADDR_LOOPBACK)));
told('relay', $relay && connected(AF_INET, pack_sockaddr_in($relay, INADDR_LOOPBACK)));
told('socket', connected(AF_UNIX, pack_sockaddr_un($unix)));
told('signal', kill(0, $pid));
told('root', done_by_child(sub { POSIX::setuid(0) && $> == 0 && -r '/root/.' }));
told('userns', system('unshare --user true 2>/dev/null') == 0);
told('program', open(my $program, '>>', '/usr/bin/env'));
if ($limits) {
  told('file', done_by_child(sub { open(my $made, '>', "/tmp/cw-$$") or return; syswrite($made, 'x') && unlink("/tmp/cw-$$") }));
  told('memory', done_by_child(sub { length('x' x (1_100_000_000 * $limits)) }));
  told('files', done_by_child(sub { my @all; for (1 .. 100) { open($all[$_], '<', '/dev/null') or return } 1 }));
  my @children;
  for (1 .. 200) {
    my $child = fork() // last;
    if (!$child) { sleep 60; POSIX::_exit(0) }
    push @children, $child;
  }
  told('processes', @children == 200);
  kill 'KILL', @children;
  waitpid($_, 0) for @children;
  print STDERR 'core=', `/bin/sh -c 'ulimit -c'` =~ s/\s//gr, ' ';
}
print STDERR 'group=', (getpgrp() == $$ ? 'own' : 'shared'), "\n";
print STDERR `setpriv --dump 2>&1` =~ s/\n/; /gr, "\n";
