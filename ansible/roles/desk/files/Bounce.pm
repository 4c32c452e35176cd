# What could not be delivered comes back to the ticket that it was of: the notice has it in it, and a subject without it.
package RT::Interface::Email::Bounce;

use strict;
use warnings;

use Role::Basic 'with';
with 'RT::Interface::Email::Role';

sub BeforeDecode {
    my %args = (Message => undef, RawMessageRef => undef, @_);
    my $head = $args{Message}->head;
    return unless ($head->get('Return-Path') // '') =~ /^<>/;
    my $name = RT->Config->Get('rtname');
    return unless ${ $args{RawMessageRef} } =~ /<RT-Ticket-(\d{1,12})\@\Q$name\E>/;
    my $tag = "[$name #$1]";
    my $subject = $head->get('Subject') // '';
    $head->replace(Subject => "$tag $subject") unless index($subject, $tag) >= 0;
}

1;
