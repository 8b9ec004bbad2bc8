// Sends an invoice as PDF: lists the transports, tests the settings, sends, and shows what a wrong password looks like.
//
//     mcs -langversion:6 Invoice.cs ../../ffi/bindings/dotnet/Postkontor.cs
//     Invoice.exe SETTINGS.json INVOICE.pdf
//
// The password is taken from the environment variable INVOICE_PASSWORD, as a program would take it from its own store: the
// settings only name it, {"password":{"secret":"mail"}}.

using System;
using System.IO;
using System.Text;
using Postkontor;

internal static class Invoice
{
    private const string Message =
        "{\"to\":[\"accounting@customer.example\"],\"subject\":\"Invoice 4711\",\"text\":\"Please find our invoice attached.\"," +
        "\"attachments\":[{\"name\":\"Invoice 4711.pdf\",\"part\":0,\"type\":\"application/pdf\"}]}";

    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: Invoice.exe SETTINGS.json INVOICE.pdf");
            return 2;
        }
        try
        {
            Run(File.ReadAllText(arguments[0], Encoding.UTF8), File.ReadAllBytes(arguments[1]));
            return 0;
        }
        catch (PostkontorException error)
        {
            Console.Error.WriteLine("error {0} {1}: {2} {3}", (int)error.Status, error.Code, error.Message, error.Detail);
            return 1;
        }
    }

    private static void Run(string settings, byte[] pdf)
    {
        var password = Environment.GetEnvironmentVariable("INVOICE_PASSWORD");
        var callbacks = new PostkontorCallbacks { GetSecret = name => name == "mail" ? password : null };

        using (var host = new PostkontorHost("{\"language\":\"en\"}", callbacks))
        {
            Console.WriteLine("transports: " + host.Transports());
            using (var account = host.OpenAccount(settings))
            {
                var report = account.Test();
                Console.WriteLine("test: " + Json.Member(report, "ok") + " " + Json.Member(report, "steps"));
                Console.WriteLine("sent: " + Json.Member(account.Send(Message, pdf), "message_id"));
            }

            password = "wrong";
            using (var account = host.OpenAccount(settings))
            {
                try
                {
                    account.Send(Message, pdf);
                }
                catch (PostkontorException error)
                {
                    Console.WriteLine("error {0} {1}: {2}", (int)error.Status, error.Code, error.Message);
                }
            }
        }
    }
}
