VERSION 5.00
Begin VB.Form InboxForm
   Caption         =   "Inbox"
   ClientHeight    =   3000
   ClientLeft      =   60
   ClientTop       =   345
   ClientWidth     =   6000
   LinkTopic       =   "InboxForm"
   ScaleHeight     =   3000
   ScaleWidth      =   6000
   Begin VB.CommandButton ReceiveButton
      Caption         =   "Receive"
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
      TabIndex        =   1
      Top             =   600
      Width           =   5775
   End
End
Attribute VB_Name = "InboxForm"
Attribute VB_GlobalNameSpace = False
Attribute VB_Creatable = False
Attribute VB_PredeclaredId = True
Attribute VB_Exposed = False
' Fetches what is new: each message with its attachments goes into the folder "inbox", and is marked as seen at the server.
Option Explicit

Private Sub ReceiveButton_Click()
    ReceiveButton.Enabled = False
    StopRequested = False
    ReceivedText = ""
    ReceiveMail ReadText(App.Path & "\settings.json")
    AnswerBox.Text = ReceivedText
    ReceiveButton.Enabled = True
End Sub

Private Sub ReceiveMail(ByVal Settings As String)
    Dim Host As Long, Account As Long, Out As PostkontorBuf, Callbacks As PostkontorCallbacks
    Dim Config() As Byte, Document() As Byte, Request() As Byte, Status As Long, Answer As String

    Callbacks.Size = Len(Callbacks)
    Callbacks.Progress = AddressAsLong(AddressOf OnProgress)
    Config = Utf8("{""language"":""de""}")
    Document = Utf8(Settings)
    ' A program keeps the state in its database.
    Request = Utf8("{""save_to"":" & Quoted(App.Path & "\inbox") & ",""state"":" & Quoted(GetSetting("Invoices", "Inbox", "State")) & "}")

    Status = postkontor_host_open(Config(0), Callbacks, Host, Out)
    If Status = POSTKONTOR_OK Then
        postkontor_buf_free Out
        Status = postkontor_account_open(Host, Document(0), 0, Account, Out)
    End If
    If Status = POSTKONTOR_OK Then
        postkontor_buf_free Out
        Status = postkontor_account_receive(Account, Request(0), AddressAsLong(AddressOf OnReceived), 0, 0, Out)
    End If
    Answer = TakeText(Out)
    ' An error tells it, too: what was taken before stays taken.
    If Member(Answer, "state") <> "" Then SaveSetting "Invoices", "Inbox", "State", Member(Answer, "state")
    If Status <> POSTKONTOR_OK Then ReceivedText = ReceivedText & Member(Answer, "message") & vbCrLf
    If Host <> 0 Then
        Status = postkontor_host_close(Host, Out)
        postkontor_buf_free Out
    End If
End Sub
