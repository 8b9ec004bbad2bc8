VERSION 5.00
Begin VB.Form InvoiceForm
   Caption         =   "Invoice"
   ClientHeight    =   3000
   ClientLeft      =   60
   ClientTop       =   345
   ClientWidth     =   6000
   LinkTopic       =   "InvoiceForm"
   ScaleHeight     =   3000
   ScaleWidth      =   6000
   Begin VB.CommandButton StopButton
      Caption         =   "Stop"
      Height          =   375
      Left            =   1560
      TabIndex        =   1
      Top             =   120
      Width           =   1335
   End
   Begin VB.CommandButton SendButton
      Caption         =   "Send"
      Height          =   375
      Left            =   120
      TabIndex        =   0
      Top             =   120
      Width           =   1335
   End
   Begin VB.TextBox AnswerBox
      Height          =   2295
      Left            =   120
      MultiLine       =   -1  'True
      ScrollBars      =   2  'Vertical
      TabIndex        =   2
      Top             =   600
      Width           =   5775
   End
End
Attribute VB_Name = "InvoiceForm"
Attribute VB_GlobalNameSpace = False
Attribute VB_Creatable = False
Attribute VB_PredeclaredId = True
Attribute VB_Exposed = False
' Lists the transports, tests the settings, sends an invoice as PDF, and shows the error where there is one.
Option Explicit

Private Sub StopButton_Click()
    StopRequested = True
End Sub

Private Sub SendButton_Click()
    SendButton.Enabled = False
    StopRequested = False
    AnswerBox.Text = ""
    SendInvoice ReadText(App.Path & "\settings.json"), ReadBytes(App.Path & "\invoice.pdf")
    SendButton.Enabled = True
End Sub

Private Sub SendInvoice(ByVal Settings As String, ByRef Pdf() As Byte)
    Dim Host As Long, Account As Long, Out As PostkontorBuf
    Dim Callbacks As PostkontorCallbacks, Part As PostkontorSlice
    Dim Config() As Byte, Document() As Byte, Message() As Byte

    Callbacks.Size = Len(Callbacks)
    Callbacks.Progress = AddressAsLong(AddressOf OnProgress)
    Config = Utf8("{""language"":""de""}")
    Document = Utf8(Settings)
    Message = Utf8("{""to"":[""accounting@customer.example""],""subject"":""Invoice 4711"",""text"":""Please find our invoice attached.""," & _
        """attachments"":[{""name"":""Invoice 4711.pdf"",""part"":0,""type"":""application/pdf""}]}")
    Part.Data = VarPtr(Pdf(0))
    Part.Length = UBound(Pdf) + 1

    If Tell("open", postkontor_host_open(Config(0), Callbacks, Host, Out), Out) Then
        Tell "transports", postkontor_host_transports(Host, Out), Out
        If Tell("account", postkontor_account_open(Host, Document(0), 0, Account, Out), Out) Then
            Tell "test", postkontor_account_test(Account, 0, 0, Out), Out
            Tell "send", postkontor_account_send(Account, Message(0), Part, 1, 0, Out), Out
        End If
        ' Closes the account, too.
        Tell "close", postkontor_host_close(Host, Out), Out
    End If
End Sub

Private Function Tell(ByVal What As String, ByVal Status As Long, ByRef Out As PostkontorBuf) As Boolean
    AnswerBox.Text = AnswerBox.Text & What & " (" & Status & "): " & TakeText(Out) & vbCrLf
    Tell = (Status = POSTKONTOR_OK)
End Function
