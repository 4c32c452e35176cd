# Hands a mail (standard input) to the desk, for Postfix's pipe(8): deliver.pl URL QUEUE QUEUE-ID.
# Ends with 0 once the desk has it, with 69 where the desk refuses it (Postfix tells the sender), else with 75: Postfix
# tries again (sysexits.h).
use strict;
use warnings;

use HTTP::Request::Common qw(POST);
use LWP::UserAgent;

my ($url, $queue, $id) = @ARGV;
my $receipt = "$id/$queue";  # one mail may be for several queues
my $tls = '/etc/amanat/pki';
my $caller = LWP::UserAgent->new(timeout => 100, max_redirect => 0, env_proxy => 0);
$caller->ssl_opts(
    verify_hostname => 1,
    SSL_verify_mode => 1,
    SSL_ca_file     => "$tls/ca.crt",
    SSL_cert_file   => "$tls/desk-mail.crt",
    SSL_key_file    => "$tls/desk-mail.key",
);
binmode STDIN;
my $mail = do { local $/; <STDIN> };
my $answer = $caller->request(POST(
    "$url/REST/1.0/NoAuth/mail-gateway",
    Content_Type => 'form-data',
    Content      => [
        action  => 'correspond',
        queue   => $queue,
        message => [
            undef, '',
            'Content-Type' => 'application/octet-stream',
            Content        => "X-Amanat-Receipt: $receipt\n$mail",
        ],
    ],
));
my $said = $answer->is_success ? $answer->decoded_content : '';
exit 0 if $said =~ /^ok$/m;
if ($said =~ /^not ok/m) {
    print "$receipt: the desk refuses it\n";
    exit 69;
}
print "$receipt: the desk answers ", $answer->code, "\n";
exit 75;
